/** Owns the gateway as a whole: what it watches, the pipeline between callers and pods, and how it starts and ends. */
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
import { registerGauge } from '../../platform/metrics.ts';
import type { Registry } from '../../platform/metrics.ts';
import { serviceAccountIdentity } from '../../platform/tls/identity.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import type { DataPlaneKey } from '../../core/data-plane/token.ts';
import { makeDataPlaneAuthority } from '../direct/data-plane-authority.ts';
import { DemandReporter } from '../demand/demand-reporter.ts';
import type { ConnectionLimits } from '../downstream/connection-limits.ts';
import type { PortCertificate } from '../downstream/tls-server.ts';
import { makeProxyMetrics } from '../proxy-metrics.ts';
import type { HoldStage } from '../stages/hold/hold.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';
import { makeApiForwarding } from './api-forwarding.ts';
import type { GatewayConfig } from './config.ts';
import { Attempts } from '../targets/attempts.ts';
import { trafficMaker } from '../targets/endpoint-traffic.ts';
import type { TrafficDefaults } from '../targets/endpoint-traffic.ts';
import { TrafficMetrics } from '../targets/traffic-metrics.ts';
import { HeldDemand } from './held-demand.ts';
import { startHolding } from './holding.ts';
import { makeGatewayPipeline } from './pipeline.ts';
import { RoutingTable } from '../targets/routing-table.ts';
import { TargetDirectory } from './target-directory.ts';
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
  const { config, endpoints, slices, clock, registry } = options;
  const traffic = new TrafficMetrics(registry);
  const directory = makeDirectory(options, traffic);
  const table = new RoutingTable(
    (...names) => directory.targetOf(...names),
    trafficMaker(trafficDefaults(config), traffic),
  );
  const demand = new HeldDemand(() => clock.monotonic());
  const reporter = startReporter(options, demand);
  const hold = startHolding({ ...options, table, demand, reportNow: () => reporter.reportNow() });
  const metrics = makeProxyMetrics(registry);
  const authorities =
    options.direct === undefined ? [] : [makeDataPlaneAuthority(options.direct.keys, clock)];
  const identity = startIdentity({ ...options, authorities });
  const attempts = new Attempts(clock);
  const parts = { ...options, ...identity, table, hold, attempts, metrics };
  const pipelines = {
    users: makeGatewayPipeline({ ...parts, takesSidecars: false }),
    direct: makeGatewayPipeline({ ...parts, takesSidecars: true }),
  };
  const stopFollowing = followEndpoints(endpoints, table, directory, hold, traffic);
  const health = new Health();
  health.addReadinessCheck('endpoints', () =>
    endpoints.hasSynced() && slices.hasSynced() ? undefined : 'the Kubernetes API has not been read yet',
  );
  registerGauge(registry, 'fairlead_gateway_endpoints', 'Endpoints known.', () => table.size);
  const api = makeApiForwarding({ ...options, metrics });
  const ports = await openUserPorts(options, pipelines, api);
  const admin = await startAdminServer({
    address: { host: config.adminHost ?? config.host, port: config.adminPort },
    health,
    registry,
  });
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
      identity.stop();
      api.stop();
      hold.stop();
      stopFollowing();
      await reporter.stop();
      directory.stop();
      await admin.stop();
    },
  };
}

function makeDirectory(options: GatewayOptions, metrics: TrafficMetrics): TargetDirectory {
  const { config, registry } = options;
  const directory = new TargetDirectory({
    ...options,
    trustDomain: config.trustDomain,
    outliers: {
      failures: config.ejectionFailures,
      baseMs: config.ejectionMs,
      maxPercent: config.ejectionMaxPercent,
    },
    metrics,
  });
  registerGauge(
    registry,
    'fairlead_gateway_ejected_pods',
    'Replicas that are out of traffic for their failures.',
    () => directory.ejectedPods(),
  );
  return directory;
}

const trafficDefaults = (config: GatewayConfig): TrafficDefaults => ({
  totalMs: config.totalTimeoutMs,
  connectMs: config.connectTimeoutMs,
  firstByteMs: config.firstByteTimeoutMs,
  idleMs: config.idleTimeoutMs,
  retryAttempts: config.retryAttempts,
  retryBudgetPercent: config.retryBudgetPercent,
});

function startReporter(options: GatewayOptions, source: HeldDemand): DemandReporter {
  const { config, tls, clock, log } = options;
  const identity = serviceAccountIdentity(config.trustDomain, config.systemNamespace, 'fairlead-operator');
  return new DemandReporter({
    url: config.demandUrl,
    tls: { secureContext: () => tls.current.secureContext, identity },
    intervalMs: config.demandIntervalMs,
    reporter: options.podName,
    source,
    clock,
    log,
  });
}

/** Returns how to stop following. */
function followEndpoints(
  endpoints: Informer<ServingEndpoint>,
  table: RoutingTable,
  directory: TargetDirectory,
  hold: HoldStage,
  traffic: TrafficMetrics,
): () => void {
  let scheduled = false;
  const tidy = (): void => {
    scheduled = false;
    directory.retainOnly(table.deploymentsInUse());
    hold.reconsider();
  };
  table.onChange(() => {
    // Once for many changes: a first list brings thousands.
    if (!scheduled) setImmediate(tidy);
    scheduled = true;
  });
  return endpoints.onChange(({ type, object }) => {
    const { namespace = '', name } = object.metadata;
    if (type !== 'deleted') {
      table.set(object);
      return;
    }
    table.remove(namespace, name);
    traffic.forget(`${namespace}/${name}`);
  });
}
