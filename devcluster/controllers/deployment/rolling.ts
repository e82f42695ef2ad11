/** Owns the arithmetic of a rolling update: how far each ReplicaSet may go in the next step. */
import type { ReplicaSet } from '../objects/kinds.ts';
import type { RolloutBudget } from './budget.ts';

/** A new size for a ReplicaSet. */
export interface Resize {
  readonly replicaSet: ReplicaSet;
  readonly replicas: number;
}

export const sizeOf = (replicaSet: ReplicaSet): number => replicaSet.spec.replicas ?? 1;
const availableOf = (replicaSet: ReplicaSet): number => replicaSet.status?.availableReplicas ?? 0;
export const totalSize = (replicaSets: readonly ReplicaSet[]): number =>
  replicaSets.reduce((sum, replicaSet) => sum + sizeOf(replicaSet), 0);

/**
 * Returns the size of the new ReplicaSet: as many pods as the surge leaves room for, never above `spec.replicas`, and
 * down to it at once when it is larger. `current` is 0 for one that does not exist yet.
 */
export function newReplicaSetSize(budget: RolloutBudget, current: number, total: number): number {
  if (current > budget.replicas) return budget.replicas;
  const room = budget.replicas + budget.maxSurge - total;
  return room <= 0 ? current : current + Math.min(room, budget.replicas - current);
}

/**
 * Returns which old ReplicaSets shrink and to what: first pods that are not available anyway, then available ones
 * down to `replicas − maxUnavailable` over all. Pods that the new one still waits for count as already missing.
 */
export function planOldScaleDown(
  budget: RolloutBudget,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): Resize[] {
  const all = [current, ...old];
  const minAvailable = budget.replicas - budget.maxUnavailable;
  const newUnavailable = sizeOf(current) - availableOf(current);
  const spare = totalSize(all) - minAvailable - newUnavailable;
  if (totalSize(old) === 0 || spare <= 0) return [];

  const sizes = new Map(old.map((replicaSet) => [replicaSet, sizeOf(replicaSet)]));
  let unhealthyLeft = spare;
  for (const replicaSet of old) {
    const size = sizeOf(replicaSet);
    const shrink = Math.min(unhealthyLeft, size - availableOf(replicaSet));
    if (size === 0 || shrink <= 0) continue;
    unhealthyLeft -= shrink;
    sizes.set(replicaSet, size - shrink);
  }
  let healthyLeft = all.reduce((sum, replicaSet) => sum + availableOf(replicaSet), 0) - minAvailable;
  for (const replicaSet of old) {
    const size = sizes.get(replicaSet) ?? 0;
    const shrink = Math.min(healthyLeft, size);
    if (shrink <= 0) continue;
    healthyLeft -= shrink;
    sizes.set(replicaSet, size - shrink);
  }
  return [...sizes]
    .filter(([replicaSet, replicas]) => replicas !== sizeOf(replicaSet))
    .map(([replicaSet, replicas]) => ({ replicaSet, replicas }));
}
