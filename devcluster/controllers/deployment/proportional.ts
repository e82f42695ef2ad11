/** Owns what happens when somebody scales a Deployment in the middle of a rollout: all its ReplicaSets grow or shrink in proportion. */
import { byAge } from '../objects/child-index.ts';
import type { Deployment, ReplicaSet } from '../objects/kinds.ts';
import type { RolloutBudget } from './budget.ts';
import { desiredOf, maxReplicasOf } from './revisions.ts';
import type { Resize } from './rolling.ts';
import { sizeOf, totalSize } from './rolling.ts';

/** Whether `spec.replicas` changed since the ReplicaSets with pods were last sized. */
export function isScalingEvent(deployment: Deployment, replicaSets: readonly ReplicaSet[]): boolean {
  const desired = deployment.spec.replicas ?? 1;
  return replicaSets.some((replicaSet) => {
    const recorded = desiredOf(replicaSet);
    return sizeOf(replicaSet) > 0 && recorded !== undefined && recorded !== desired;
  });
}

/**
 * Returns the sizes after a change of `spec.replicas`: the only active ReplicaSet takes all; a finished rollout drops
 * what is left of the old ones; else each changes by its share of the whole, the largest taking the rounding rest.
 */
export function planProportionalScale(
  budget: RolloutBudget,
  rolling: boolean,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Resize[] {
  const all = current === undefined ? [...old] : [current, ...old];
  const active = all.filter((replicaSet) => sizeOf(replicaSet) > 0);
  const onlyOne = active.length > 1 ? undefined : (active[0] ?? current ?? [...old].sort(byAge).at(-1));
  if (onlyOne !== undefined) return resizes([[onlyOne, budget.replicas]]);
  if (current !== undefined && isSaturated(current, budget.replicas)) {
    return resizes(old.map((replicaSet) => [replicaSet, 0]));
  }
  return rolling ? distribute(budget, active) : [];
}

function distribute(budget: RolloutBudget, active: readonly ReplicaSet[]): Resize[] {
  const allowed = budget.replicas > 0 ? budget.replicas + budget.maxSurge : 0;
  const toAdd = allowed - totalSize(active);
  // Growing favours the newest among equals, shrinking the oldest.
  const ordered = [...active].sort(
    (left, right) => sizeOf(right) - sizeOf(left) || (toAdd > 0 ? byAge(right, left) : byAge(left, right)),
  );
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const replicaSet of ordered) {
    const share = toAdd === 0 ? 0 : shareOf(replicaSet, budget, toAdd - added);
    added += share;
    sizes.set(replicaSet, sizeOf(replicaSet) + share);
  }
  const largest = ordered[0];
  if (largest !== undefined) {
    sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  }
  return resizes([...sizes]);
}

function shareOf(replicaSet: ReplicaSet, budget: RolloutBudget, left: number): number {
  const size = sizeOf(replicaSet);
  if (budget.replicas === 0) return Math.max(-size, left);
  const before = maxReplicasOf(replicaSet) ?? size;
  if (before === 0) return 0;
  const fraction = Math.round((size * (budget.replicas + budget.maxSurge)) / before) - size;
  return left > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}

function isSaturated(replicaSet: ReplicaSet, replicas: number): boolean {
  return (
    sizeOf(replicaSet) === replicas &&
    desiredOf(replicaSet) === replicas &&
    (replicaSet.status?.availableReplicas ?? 0) === replicas
  );
}

function resizes(sizes: readonly (readonly [ReplicaSet, number])[]): Resize[] {
  return sizes
    .filter(([replicaSet, replicas]) => sizeOf(replicaSet) !== replicas)
    .map(([replicaSet, replicas]) => ({ replicaSet, replicas }));
}
