/** Owns the status of a ReplicaSet: its counts, and the condition that says why pods cannot be made. */
import type { Pod, ReplicaSet, ReplicaSetStatus } from '../objects/kinds.ts';
import { timestamp } from '../objects/kinds.ts';
import { matchesLabels } from '../objects/selector.ts';
import { availableIn, isReady } from './plan.ts';

export interface ReplicaFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly message: string;
}

/** Returns the status for the active pods, after a pass that ended with `failure` or without. */
export function statusOf(
  replicaSet: ReplicaSet,
  active: readonly Pod[],
  failure: ReplicaFailure | undefined,
  now: number,
): ReplicaSetStatus {
  const minReadySeconds = replicaSet.spec.minReadySeconds ?? 0;
  const templateLabels = replicaSet.spec.template?.metadata?.labels ?? {};
  const conditions = conditionsOf(replicaSet, failure, now);
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter((pod) => matchesLabels(templateLabels, pod.metadata.labels)).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => availableIn(pod, minReadySeconds, now) === 0).length,
    observedGeneration: replicaSet.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

function conditionsOf(
  replicaSet: ReplicaSet,
  failure: ReplicaFailure | undefined,
  now: number,
): NonNullable<ReplicaSetStatus['conditions']> {
  const before = replicaSet.status?.conditions ?? [];
  if (failure === undefined) return before.filter((condition) => condition.type !== 'ReplicaFailure');
  // The first failure stays told, as in Kubernetes: the next one names another pod, and would be news without end.
  if (before.some((condition) => condition.type === 'ReplicaFailure')) return before;
  return [
    ...before,
    { type: 'ReplicaFailure', status: 'True', ...failure, lastTransitionTime: timestamp(now) },
  ];
}

/** Returns when the next ready pod becomes available, in milliseconds; undefined when none is waiting. */
export function nextAvailableIn(
  replicaSet: ReplicaSet,
  active: readonly Pod[],
  now: number,
): number | undefined {
  const waits = active
    .map((pod) => availableIn(pod, replicaSet.spec.minReadySeconds ?? 0, now))
    .filter((wait) => wait !== undefined && wait > 0);
  return waits.length === 0 ? undefined : Math.min(...(waits as number[]));
}
