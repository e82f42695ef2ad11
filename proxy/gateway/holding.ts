/** Owns holding requests at the gateway: whoever comes first to a Deployment without pods has it woken. */
import { Counter, Histogram } from 'prom-client';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import { registerGauge } from '../../platform/metrics.ts';
import type { Registry } from '../../platform/metrics.ts';
import { makeHold } from '../stages/hold/hold.ts';
import type { HoldStage } from '../stages/hold/hold.ts';
import type { DeploymentTarget } from '../targets/deployment-target.ts';
import type { RoutingTable } from '../targets/routing-table.ts';
import { Awakening } from './awakening.ts';
import type { GatewayConfig } from './config.ts';
import type { HeldDemand } from './held-demand.ts';

export interface HoldingOptions {
  readonly config: GatewayConfig;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
  readonly table: RoutingTable;
  readonly demand: HeldDemand;
  /** Tells the operator at once. */
  readonly reportNow: () => void;
}

/** How long a request waits for pods that are called ready and cannot be reached. */
const unreachableMs = 15_000;

/** Returns the stage that holds. */
export function startHolding(options: HoldingOptions): HoldStage {
  const { config, clock, registry, table, demand } = options;
  const heldSeconds = new Histogram({
    name: 'fairlead_gateway_held_seconds',
    help: 'Time that requests were held until they were sent on.',
    buckets: [0.1, 0.5, 1, 2, 5, 10, 20, 60, 120, 300],
    registers: [registry],
  });
  const hold: HoldStage = makeHold({
    bounds: {
      overall: { requests: config.holdRequests, bytes: config.holdBytes },
      perEndpoint: { requests: config.holdRequestsPerEndpoint, bytes: config.holdBytesPerEndpoint },
    },
    patience: {
      queueMs: config.holdQueueTimeoutMs,
      noEndpointMs: config.holdWakeTimeoutMs,
      unreachableMs,
    },
    pingMs: config.holdPingMs,
    now: () => clock.monotonic(),
    isCurrent: ({ namespace, asked, route }) => {
      const now = table.find(namespace, asked?.endpoint ?? '');
      if (now === undefined || now.suspended || route === undefined) return false;
      return now.entities.get(route.servedEntity) === route;
    },
    onHeld: (milliseconds) => heldSeconds.observe(milliseconds / 1000),
    onCount: (target, by) => demand.change(target, by),
    ...makeAwakenings(options, (target) => hold.room.letGo(target)),
  });
  registerGauge(registry, 'fairlead_gateway_held_requests', 'Requests held.', () => hold.room.requests);
  registerGauge(registry, 'fairlead_gateway_held_bytes', 'Bytes of held requests.', () => hold.room.bytes);
  return hold;
}

function makeAwakenings(
  { client, clock, registry, log, reportNow }: HoldingOptions,
  letGo: (target: DeploymentTarget) => void,
): { onFirst: (target: DeploymentTarget) => void; onEmpty: (target: DeploymentTarget) => void } {
  const awakenings = new Map<DeploymentTarget, Awakening>();
  const writes = new Counter({
    name: 'fairlead_gateway_scale_writes_total',
    help: 'Deployments that this gateway set from zero to one.',
    registers: [registry],
  });
  return {
    onFirst: (target) => {
      if (!target.isAvailable) reportNow();
      const awakening = new Awakening({
        client,
        clock,
        target,
        log,
        letGo: () => letGo(target),
        onScaleWritten: () => writes.inc(),
      });
      awakenings.set(target, awakening);
      awakening.start();
    },
    onEmpty: (target) => {
      awakenings.get(target)?.stop();
      awakenings.delete(target);
    },
  };
}
