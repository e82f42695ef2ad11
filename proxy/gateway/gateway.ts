/** Owns the gateway as a whole: what it watches, the pipeline between callers and pods, and how it starts and ends. */
import { Counter, Histogram } from 'prom-client';
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
import { DemandReporter } from '../demand/demand-reporter.ts';
import { startProxyServer } from '../downstream/proxy-server.ts';
import { Exchange } from '../exchange.ts';
import type { Pipeline } from '../exchange.ts';
import { makeProxyMetrics } from '../proxy-metrics.ts';
import { makeHold } from '../stages/hold/hold.ts';
import type { HoldStage } from '../stages/hold/hold.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';
import { makeApiForwarding } from './api-forwarding.ts';
import type { ApiForwarding } from './api-forwarding.ts';
import { Awakening } from './awakening.ts';
import type { GatewayConfig } from './config.ts';
import type { DeploymentTarget } from '../targets/deployment-target.ts';
import { RoutedExchange } from '../targets/routed-exchange.ts';
import { HeldDemand } from './held-demand.ts';
import { makeGatewayPipeline } from './pipeline.ts';
import { RoutingTable } from '../targets/routing-table.ts';
import { TargetDirectory } from './target-directory.ts';

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
  const { config, endpoints, slices, clock, registry } = options;
  const directory = new TargetDirectory({ slices, tls: options.tls, trustDomain: config.trustDomain, clock });
  const table = new RoutingTable((...names) => directory.targetOf(...names));
  const held = new HeldDemand(() => clock.monotonic());
  const reporter = startReporter(options, held);
  const hold = startHolding(options, held, reporter, table);
  const metrics = makeProxyMetrics(registry);
  const identity = startIdentity(options);
  const pipeline = makeGatewayPipeline({ ...options, ...identity, table, hold, metrics });
  const stopFollowing = followEndpoints(endpoints, table, directory, hold);
  const health = new Health();
  health.addReadinessCheck('endpoints', () =>
    endpoints.hasSynced() && slices.hasSynced() ? undefined : 'the Kubernetes API has not been read yet',
  );
  registerGauge(registry, 'fairlead_gateway_held_requests', 'Requests held.', () => hold.room.requests);
  registerGauge(registry, 'fairlead_gateway_held_bytes', 'Bytes of held requests.', () => hold.room.bytes);
  registerGauge(registry, 'fairlead_gateway_endpoints', 'Endpoints known.', () => table.size);
  const api = makeApiForwarding({ ...options, metrics });
  const server = await listenForUsers(config, pipeline, api, clock);
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
      identity.stop();
      api.stop();
      stopFollowing();
      await reporter.stop();
      directory.stop();
      await admin.stop();
    },
  };
}

function listenForUsers(
  config: GatewayConfig,
  pipeline: Pipeline,
  api: ApiForwarding,
  clock: Clock,
): ReturnType<typeof startProxyServer> {
  const now = (): number => clock.monotonic();
  return startProxyServer({
    address: { host: config.host, port: config.port },
    now,
    makeExchange: (caller) =>
      api.takes(caller.head.target)
        ? new Exchange(api.pipeline, caller, now())
        : new RoutedExchange(pipeline, caller, now()),
  });
}

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

/** Whoever comes first to a Deployment without pods has it woken, and the operator told at once. */
function startHolding(
  options: GatewayOptions,
  held: HeldDemand,
  reporter: DemandReporter,
  table: RoutingTable,
): HoldStage {
  const { config, client, clock, registry, log } = options;
  const awakenings = new Map<DeploymentTarget, Awakening>();
  const writes = new Counter({
    name: 'fairlead_gateway_scale_writes_total',
    help: 'Deployments that this gateway set from zero to one.',
    registers: [registry],
  });
  const heldSeconds = new Histogram({
    name: 'fairlead_gateway_held_seconds',
    help: 'Time that requests were held until they were sent on.',
    buckets: [0.1, 0.5, 1, 2, 5, 10, 20, 60, 120, 300],
    registers: [registry],
  });
  const hold: HoldStage = makeHold({
    bounds: { requests: config.holdRequests, bytes: config.holdBytes },
    now: () => clock.monotonic(),
    isCurrent: ({ namespace, asked, route }) => {
      const now = table.find(namespace, asked?.endpoint ?? '');
      if (now === undefined || now.suspended || route === undefined) return false;
      return now.entities.get(route.servedEntity) === route;
    },
    onHeld: (milliseconds) => heldSeconds.observe(milliseconds / 1000),
    onCount: (target, by) => held.change(target, by),
    onFirst: (target) => {
      reporter.reportNow();
      const awakening = new Awakening({
        client,
        target,
        log,
        letGo: () => hold.room.letGo(target),
        onScaleWritten: () => writes.inc(),
      });
      awakenings.set(target, awakening);
      awakening.start();
    },
    onEmpty: (target) => {
      awakenings.get(target)?.stop();
      awakenings.delete(target);
    },
  });
  return hold;
}

/** Returns how to stop following. */
function followEndpoints(
  endpoints: Informer<ServingEndpoint>,
  table: RoutingTable,
  directory: TargetDirectory,
  hold: HoldStage,
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
    if (type === 'deleted') table.remove(object.metadata.namespace ?? '', object.metadata.name);
    else table.set(object);
  });
}
