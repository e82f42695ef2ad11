/** Owns the gateway as a whole: what it watches, the pipelines between callers and pods, and how it starts and ends. */
import type { DataPlaneKey } from '../../core/data-plane/token.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { KubeClient } from '../../kube/client.ts';
import { startIdentity } from '../../kube/identity/identity.ts';
import type { Informer } from '../../kube/informer.ts';
import type { EndpointSlice } from '../../kube/kinds.ts';
import { startAdminServer } from '../../platform/admin-server.ts';
import type { Clock } from '../../platform/clock.ts';
import { Health } from '../../platform/health.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import { serviceAccountIdentity } from '../../platform/tls/identity.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import { DemandReporter } from '../demand/demand-reporter.ts';
import { makeDataPlaneAuthority } from '../direct/data-plane-authority.ts';
import type { ConnectionLimits } from '../downstream/connection-limits.ts';
import type { PortCertificate } from '../downstream/tls-server.ts';
import { ProxyMetrics } from '../proxy-metrics.ts';
import { makeRowLog } from '../rows/row-settings.ts';
import { Attempts } from '../targets/attempts.ts';
import { RoutedExchange } from '../targets/routed-exchange.ts';
import { Tracing } from '../tracing/start-tracer.ts';
import { makeApiForwarding } from './api-forwarding.ts';
import type { GatewayConfig } from './config.ts';
import { HeldDemand } from './held-demand.ts';
import { startHolding } from './holding.ts';
import { followLimits, makeGatewayLimits, tellOfStore, watchLimits } from './limits.ts';
import type { GatewayLimits } from './limits.ts';
import { makeGatewayPipeline } from './pipeline.ts';
import { followEndpoints, makeRoutes } from './routes.ts';
import { openUserPorts } from './user-ports.ts';
import type { UserAddresses } from './user-ports.ts';

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly client: KubeClient;
  readonly endpoints: Informer<ServingEndpoint>;
  /** With the index `serviceIndex`. */
  readonly slices: Informer<EndpointSlice>;
  readonly tls: WatchedFile<TlsMaterial>;
  /** What users are shown; needed where they are served over TLS. */
  readonly frontTls?: WatchedFile<PortCertificate> | undefined;
  /** What callers of route-optimised endpoints are shown, and what their tokens are verified with. */
  readonly direct?: DirectFiles | undefined;
  /** Name of the pod, for demand reports. */
  readonly podName: string;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
  /** What connections of callers may take, beside what the configuration says. */
  readonly limits?: Partial<ConnectionLimits>;
}

export interface DirectFiles {
  readonly tls: WatchedFile<PortCertificate>;
  readonly keys: WatchedFile<readonly DataPlaneKey[]>;
}

export interface Gateway extends UserAddresses {
  readonly admin: ListenAddress;
  /** Unready at once, and serves on for the configured time, closing each connection after its answer. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the gateway; it is ready once its informers have synced.
 *
 * @throws AppError as `listen` does.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, clock, registry } = options;
  const limits = await makeGatewayLimits(options);
  const { table, directory, traffic } = makeRoutes({ ...options, shares: limits.shares });
  const demand = new HeldDemand(() => clock.monotonic());
  const reporter = startReporter(options, demand, limits);
  tellOfStore(limits, reporter);
  const hold = startHolding({ ...options, table, demand, reportNow: () => reporter.reportNow() });
  const metrics = new ProxyMetrics(registry);
  const rows = makeRowLog({ ...options, settings: config, instance: options.podName });
  const tracing = await startTracing(options);
  const identity = startIdentity({ ...options, authorities: authoritiesOf(options) });
  const attempts = new Attempts(clock);
  const observing = { metrics, rows, tracing };
  const parts = { ...options, ...identity, ...observing, table, hold, attempts, limitStore: limits.store };
  const pipelines = {
    users: makeGatewayPipeline({ ...parts, takesSidecars: false }),
    direct: makeGatewayPipeline({ ...parts, takesSidecars: true }),
  };
  const stopFollowing = followEndpoints(options.endpoints, table, {
    tidy: () => {
      directory.retainOnly(table.deploymentsInUse());
      hold.reconsider();
      followLimits(limits, table, reporter);
    },
    forget: (label) => {
      traffic.forget(label);
      metrics.forget(label);
    },
  });
  const health = makeHealth(options, limits);
  const api = makeApiForwarding({ ...options, ...observing });
  const ports = await openUserPorts({ ...options, tracing }, pipelines, api);
  const adminAddress = { host: config.adminHost ?? config.host, port: config.adminPort };
  const admin = await startAdminServer({ address: adminAddress, health, registry });
  return {
    ...ports.addresses,
    admin: admin.address,
    drain: async () => {
      health.startStopping();
      // Callers that keep their connections are to look for another gateway while this one still serves.
      ports.startDraining();
      await new Promise((resolve) => setTimeout(resolve, config.drainMs));
    },
    stop: async () => {
      await ports.stop(config.shutdownGraceMs);
      for (const part of [identity, api, hold]) part.stop();
      stopFollowing();
      for (const part of [reporter, limits.store, rows, tracing]) await part?.stop();
      directory.stop();
      await admin.stop();
    },
  };
}

const authoritiesOf = ({ direct, clock }: GatewayOptions): ReturnType<typeof makeDataPlaneAuthority>[] =>
  direct === undefined ? [] : [makeDataPlaneAuthority(direct.keys, clock)];

function makeHealth(options: GatewayOptions, limits: GatewayLimits): Health {
  const { endpoints, slices } = options;
  const health = new Health();
  health.addReadinessCheck('endpoints', () =>
    endpoints.hasSynced() && slices.hasSynced() ? undefined : 'the Kubernetes API has not been read yet',
  );
  watchLimits(limits, health, options);
  return health;
}

async function startTracing(options: GatewayOptions): Promise<Tracing> {
  const tracing = new Tracing({
    ...options,
    service: 'fairlead-gateway',
    instance: options.podName,
    route: '/serving-endpoints/{name}/invocations',
    phasesOf: (exchange) => (exchange instanceof RoutedExchange ? exchange.holdPhases : []),
  });
  await tracing.use(options.config.tracing);
  return tracing;
}

function startReporter(options: GatewayOptions, source: HeldDemand, limits: GatewayLimits): DemandReporter {
  const { config, tls, clock, log } = options;
  const identity = serviceAccountIdentity(config.trustDomain, config.systemNamespace, 'fairlead-operator');
  return new DemandReporter({
    url: config.demandUrl,
    tls: { secureContext: () => tls.current.secureContext, identity },
    intervalMs: config.demandIntervalMs,
    reporter: options.podName,
    source,
    limits: limits.shares,
    limitStore: limits.store,
    clock,
    log,
  });
}
