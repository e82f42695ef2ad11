/** Owns which pods a ReplicaSet makes and which it removes first. Pure. */
import type { Pod, ReplicaSet } from '../objects/kinds.ts';

/** Pods that still count: not ended, not being deleted. */
export function isActive(pod: Pod): boolean {
  return (
    pod.status?.phase !== 'Succeeded' &&
    pod.status?.phase !== 'Failed' &&
    pod.metadata.deletionTimestamp === undefined
  );
}

function readyConditionOf(pod: Pod) {
  return pod.status?.conditions?.find((condition) => condition.type === 'Ready');
}

export function isReady(pod: Pod): boolean {
  return readyConditionOf(pod)?.status === 'True';
}

/** Returns in how many milliseconds the pod has been ready for `minReadySeconds`; undefined while it is not ready. */
export function availableIn(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  const ready = readyConditionOf(pod);
  if (ready?.status !== 'True') return undefined;
  if (minReadySeconds === 0) return 0;
  return Math.max(0, Date.parse(ready.lastTransitionTime ?? '') + minReadySeconds * 1_000 - now);
}

export interface ReplicaPlan {
  readonly create: number;
  readonly remove: readonly Pod[];
}

/** Returns how many pods to make, or which ones to remove, so that `spec.replicas` are active. */
export function planReplicas(replicaSet: ReplicaSet, active: readonly Pod[]): ReplicaPlan {
  if (replicaSet.metadata.deletionTimestamp !== undefined) return { create: 0, remove: [] };
  const missing = (replicaSet.spec.replicas ?? 1) - active.length;
  if (missing >= 0) return { create: missing, remove: [] };
  return { create: 0, remove: [...active].sort(removalOrder).slice(0, -missing) };
}

const phaseRank: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };
const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

/** Orders pods so that the one whose loss hurts least comes first (the order of the Kubernetes controller). */
export function removalOrder(left: Pod, right: Pod): number {
  const rules: ((pod: Pod) => number)[] = [
    (pod) => (pod.spec.nodeName === undefined || pod.spec.nodeName === '' ? 0 : 1),
    (pod) => phaseRank[pod.status?.phase ?? 'Pending'] ?? 1,
    (pod) => (isReady(pod) ? 1 : 0),
    (pod) => Number(pod.metadata.annotations?.[deletionCostAnnotation] ?? 0),
    (pod) => -Date.parse(readyConditionOf(pod)?.lastTransitionTime ?? pod.metadata.creationTimestamp),
    (pod) => -Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount)),
    (pod) => -Date.parse(pod.metadata.creationTimestamp),
  ];
  for (const rule of rules) {
    const difference = rule(left) - rule(right);
    if (difference !== 0) return difference;
  }
  return left.metadata.name < right.metadata.name ? -1 : 1;
}
