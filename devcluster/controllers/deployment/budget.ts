/** Owns how many pods a rollout may have too many or too few: maxSurge and maxUnavailable, resolved. */
import { resolveIntOrPercent } from '../objects/int-or-percent.ts';
import type { Deployment } from '../objects/kinds.ts';

export interface RolloutBudget {
  /** `spec.replicas`. */
  readonly replicas: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/**
 * Returns the budget of a Deployment as Kubernetes resolves it: surge rounds up, unavailable rounds down, and where
 * both come out as 0 one pod may be unavailable, since nothing could move otherwise. Recreate has no budget.
 */
export function budgetOf(deployment: Deployment): RolloutBudget {
  const replicas = deployment.spec.replicas ?? 1;
  if (deployment.spec.strategy?.type === 'Recreate') return { replicas, maxSurge: 0, maxUnavailable: 0 };
  const rolling = deployment.spec.strategy?.rollingUpdate;
  const maxSurge = resolveIntOrPercent(rolling?.maxSurge ?? '25%', replicas, 'up');
  const unavailable = resolveIntOrPercent(rolling?.maxUnavailable ?? '25%', replicas, 'down');
  const atLeastOneMoves = maxSurge === 0 && unavailable === 0 ? 1 : unavailable;
  return { replicas, maxSurge, maxUnavailable: Math.min(atLeastOneMoves, replicas) };
}
