/** Owns the gateway as a whole: what it watches, the pipeline between callers and pods, and how it starts and ends. */
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Informer } from '../../kube/informer.ts';
import type { EndpointSlice } from '../../kube/kinds.ts';
import { startAdminServer } from '../../platform/admin-server.ts';
import type { Clock } from '../../platform/clock.ts';
import { Health } from '../../platform/health.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import { serviceAccountIdentity } from '../../platform/tls/identity.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import { DemandReporter } from '../demand/demand-reporter.ts';
import type { ConnectionLimits } from '../downstream/connection-limits.ts';
import { startProxyServer } from '../downstream/proxy-server.ts';
import type { Pipeline } from '../exchange.ts';
import { ProxyMetrics } from '../proxy-metrics.ts';
import { makeRowLog } from '../rows/row-settings.ts';
import type { TlsMaterial } from '../tls-material.ts';
import { Tracing } from '../tracing/start-tracer.ts';
import { makeAccessReviewChecker } from './access-review.ts';
import type { GatewayConfig } from './config.ts';
import { Attempts } from '../targets/attempts.ts';
import { RoutedExchange } from '../targets/routed-exchange.ts';
import { HeldDemand } from './held-demand.ts';
import { startHolding } from './holding.ts';
import { followLimits, makeGatewayLimits, watchLimits } from './limits.ts';
import type { GatewayLimits } from './limits.ts';
import { makeGatewayPipeline } from './pipeline.ts';
import { followEndpoints, makeRoutes } from './routes.ts';
import { makeTokenReviewChecker } from './token-review.ts';

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly client: KubeClient;
  readonly endpoints: Informer<ServingEndpoint>;
  /** With the index `serviceIndex`. */
  readonly slices: Informer<EndpointSlice>;
  readonly tls: WatchedFile<TlsMaterial>;
  /** Name of the pod, for demand reports. */
  readonly podName: string;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
  /** What connections of callers may take, beside what the configuration says. */
  readonly limits?: Partial<ConnectionLimits>;
}

export interface Gateway {
  readonly address: ListenAddress;
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
  const { config, endpoints, clock, registry } = options;
  const limits = await makeGatewayLimits(options);
  const { table, directory, traffic } = makeRoutes({ ...options, shares: limits.shares });
  const demand = new HeldDemand(() => clock.monotonic());
  const reporter = startReporter(options, demand, limits);
  const hold = startHolding({ ...options, table, demand, reportNow: () => reporter.reportNow() });
  const metrics = new ProxyMetrics(registry);
  const rows = makeRowLog({ ...options, settings: config, instance: options.podName });
  const tracing = await startTracing(options);
  const pipeline = makeGatewayPipeline({
    ...options,
    ...makeCheckers(options),
    table,
    hold,
    limitStore: limits.store,
    attempts: new Attempts(clock),
    metrics,
    rows,
    tracing,
  });
  const stopFollowing = followEndpoints(endpoints, table, {
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
  const server = await listenForUsers(options, pipeline, tracing);
  const admin = await startAdminServer({
    address: { host: config.adminHost ?? config.host, port: config.adminPort },
    health,
    registry,
  });
  return {
    address: server.address,
    admin: admin.address,
    drain: async () => {
      health.startStopping();
      // Callers that keep their connections are to look for another gateway while this one still serves.
      server.startDraining();
      await new Promise((resolve) => setTimeout(resolve, config.drainMs));
    },
    stop: async () => {
      await server.stop(config.shutdownGraceMs);
      hold.stop();
      stopFollowing();
      await reporter.stop();
      await limits.store?.stop();
      await rows.stop();
      await tracing.stop();
      directory.stop();
      await admin.stop();
    },
  };
}

function makeHealth(options: GatewayOptions, limits: GatewayLimits): Health {
  const { endpoints, slices } = options;
  const health = new Health();
  health.addReadinessCheck('endpoints', () =>
    endpoints.hasSynced() && slices.hasSynced() ? undefined : 'the Kubernetes API has not been read yet',
  );
  watchLimits(limits, health, options);
  return health;
}

function listenForUsers(
  { config, clock, limits }: GatewayOptions,
  pipeline: Pipeline,
  tracing: Tracing,
): ReturnType<typeof startProxyServer> {
  const now = (): number => clock.monotonic();
  return startProxyServer({
    address: { host: config.host, port: config.port },
    limits: {
      idleMs: config.clientIdleTimeoutMs,
      headMs: config.headTimeoutMs,
      bodyIdleMs: config.bodyIdleTimeoutMs,
      ...limits,
    },
    now,
    makeExchange: (caller) => {
      const exchange = new RoutedExchange(pipeline, caller, now());
      tracing.current?.begin(exchange);
      return exchange;
    },
  });
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

function makeCheckers({ config, client, clock, log }: GatewayOptions): {
  tokens: ReturnType<typeof makeTokenReviewChecker>;
  access: ReturnType<typeof makeAccessReviewChecker>;
} {
  const max = config.cachedVerdicts;
  return {
    tokens: makeTokenReviewChecker({
      client,
      clock,
      log,
      acceptedTtlMs: config.authenticationTtlMs,
      refusedTtlMs: config.refusalTtlMs,
      max,
    }),
    access: makeAccessReviewChecker({
      client,
      clock,
      log,
      allowedTtlMs: config.authorisationTtlMs,
      deniedTtlMs: config.refusalTtlMs,
      max,
    }),
  };
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
    clock,
    log,
  });
}
