/** Owns scaling between one and many by the operator itself, where no HPA can read the demand. */
import { decideReplicas } from '../../core/scaling/decide-replicas.ts';
import type { ScalingMemory } from '../../core/scaling/decide-replicas.ts';
import type { Deployment } from '../../kube/kinds.ts';
import { keyOf, refOf } from '../../kube/resource.ts';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import { replicasOf } from '../serving-endpoint/replicas.ts';
import type { Stores } from '../stores.ts';
import type { KnownConcurrency, ReadConcurrency } from './concurrency-reader.ts';
import { autoscalersOf, isRouted, isStopped } from './endpoint-of.ts';
import { startRepeating } from './repeat.ts';
import type { ReplicaChange, ReplicaWriter } from './replica-writer.ts';
import { rulesOn } from './rules-on.ts';
import { usesAutoscalers } from './scaling-mode.ts';
import type { ScalingMode } from './scaling-mode.ts';

export interface FollowDemandOptions {
  readonly stores: Stores;
  readonly readConcurrency: ReadConcurrency;
  readonly mode: () => ScalingMode;
  readonly writer: ReplicaWriter;
  readonly clock: Clock;
  readonly log: Logger;
  readonly intervalMs: number;
}

/** Starts it, on the leader alone. It rests while HPAs scale, and remembers nothing of the time before. */
export function startFollowingDemand(options: FollowDemandOptions): { stop(): Promise<void> } {
  let memories: ReadonlyMap<string, ScalingMemory> = new Map();
  return startRepeating(async (signal) => {
    const next = new Map<string, ScalingMemory>();
    const all = usesAutoscalers(options.mode()) ? [] : options.stores.deployments.store.list();
    for (const deployment of all) {
      if (signal.aborted) return;
      const key = keyOf(refOf(deployment));
      const memory = await judge(deployment, memories.get(key), options);
      if (memory !== undefined) next.set(key, memory);
    }
    memories = next;
  }, options.intervalMs);
}

/** Returns what is to be remembered; undefined where the Deployment is not the operator's to scale. */
async function judge(
  deployment: Deployment,
  memory: ScalingMemory | undefined,
  options: FollowDemandOptions,
): Promise<ScalingMemory | undefined> {
  const { desired: current, running } = replicasOf(deployment);
  if (current === 0 || !isOurs(deployment, options.stores)) return undefined;
  const rules = rulesOn(deployment);
  if (rules === undefined) return undefined;
  try {
    const { name, namespace = '' } = refOf(deployment);
    const [known] = await options.readConcurrency(namespace, name);
    const decision = decideReplicas({
      rules,
      current,
      running,
      concurrencyMilli: known === undefined ? undefined : Math.round(known.concurrency * 1000),
      memory,
      now: options.clock.monotonic(),
    });
    if (decision.replicas === current) return decision.memory;
    const isDone = await options.writer.write(deployment, changeTo(decision.replicas, current, known));
    return isDone ? decision.memory : memory;
  } catch (error) {
    options.log.error({ ...refOf(deployment), cause: messageOf(error) }, 'demand cannot be followed');
    return memory;
  }
}

function changeTo(replicas: number, current: number, known: KnownConcurrency | undefined): ReplicaChange {
  const demand = known === undefined ? '' : `, for a concurrency of ${known.concurrency.toFixed(1)}`;
  return { replicas, reason: 'Scaled', note: `went from ${current} to ${replicas} replicas${demand}` };
}

/** Before it has traffic the reconcile sets the scale; and an HPA, also one that is just going, is a writer already. */
const isOurs = (deployment: Deployment, stores: Stores): boolean =>
  isRouted(stores, deployment) &&
  !isStopped(stores, deployment) &&
  autoscalersOf(stores, deployment).length === 0;
