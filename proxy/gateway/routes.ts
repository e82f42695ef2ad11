/** Owns where the gateway's requests go: the table of endpoints, the pods behind them, and how the table follows the cluster. */
import type { LimitShares } from '../../core/quota/limit-shares.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { Informer } from '../../kube/informer.ts';
import { registerGauge } from '../../platform/metrics.ts';
import type { Registry } from '../../platform/metrics.ts';
import { trafficMaker } from '../targets/endpoint-traffic.ts';
import type { TrafficDefaults } from '../targets/endpoint-traffic.ts';
import { RoutingTable } from '../targets/routing-table.ts';
import { TrafficMetrics } from '../targets/traffic-metrics.ts';
import type { GatewayConfig } from './config.ts';
import { TargetDirectory } from './target-directory.ts';
import type { TargetDirectoryOptions } from './target-directory.ts';

interface RoutesOptions extends Omit<TargetDirectoryOptions, 'trustDomain' | 'outliers' | 'metrics'> {
  readonly config: GatewayConfig;
  readonly registry: Registry;
  /** What this gateway may give out of the limits that it shares with others. */
  readonly shares: LimitShares;
}

export interface Routes {
  readonly table: RoutingTable;
  readonly directory: TargetDirectory;
  readonly traffic: TrafficMetrics;
}

/** Returns a table that is still empty. */
export function makeRoutes(options: RoutesOptions): Routes {
  const { config, registry } = options;
  const traffic = new TrafficMetrics(registry);
  const directory = new TargetDirectory({
    ...options,
    trustDomain: config.trustDomain,
    outliers: {
      failures: config.ejectionFailures,
      baseMs: config.ejectionMs,
      maxPercent: config.ejectionMaxPercent,
    },
    metrics: traffic,
  });
  const table = new RoutingTable(
    (...names) => directory.targetOf(...names),
    trafficMaker(trafficDefaults(config), traffic),
    options.shares,
  );
  registerGauge(
    registry,
    'fairlead_gateway_ejected_pods',
    'Replicas that are out of traffic for their failures.',
    () => directory.ejectedPods(),
  );
  registerGauge(registry, 'fairlead_gateway_endpoints', 'Endpoints known.', () => table.size);
  return { table, directory, traffic };
}

const trafficDefaults = (config: GatewayConfig): TrafficDefaults => ({
  totalMs: config.totalTimeoutMs,
  connectMs: config.connectTimeoutMs,
  firstByteMs: config.firstByteTimeoutMs,
  idleMs: config.idleTimeoutMs,
  retryAttempts: config.retryAttempts,
  retryBudgetPercent: config.retryBudgetPercent,
});

export interface Followers {
  /** After changes of the table. */
  readonly tidy: () => void;
  /** The endpoint `namespace/name` exists no longer. */
  readonly forget: (label: string) => void;
}

/** Has the table follow `endpoints`; returns how to end that. */
export function followEndpoints(
  endpoints: Informer<ServingEndpoint>,
  table: RoutingTable,
  { tidy, forget }: Followers,
): () => void {
  let scheduled = false;
  const tidyOnce = (): void => {
    scheduled = false;
    tidy();
  };
  table.onChange(() => {
    // Once for many changes: a first list brings thousands.
    if (!scheduled) setImmediate(tidyOnce);
    scheduled = true;
  });
  return endpoints.onChange(({ type, object }) => {
    const { namespace = '', name } = object.metadata;
    if (type !== 'deleted') {
      table.set(object);
      return;
    }
    table.remove(namespace, name);
    forget(`${namespace}/${name}`);
  });
}
