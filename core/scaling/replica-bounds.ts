/** Owns how provisioned concurrency becomes replicas. */
import type { Workload } from '../../crds/schema/workload.ts';

/** Provisioned concurrency of the workload sizes, as the original product defines them. */
const sizes = {
  Small: { min: 4, max: 4 },
  Medium: { min: 8, max: 16 },
  Large: { min: 16, max: 64 },
} as const;

export interface ReplicaBounds {
  /** At least 1: zero is the business of scale to zero, not of the bounds. */
  readonly min: number;
  readonly max: number;
}

/** Returns how many replicas a workload may have while it is awake. */
export function replicaBounds(
  workload: Pick<Workload, 'size' | 'minConcurrency' | 'maxConcurrency'>,
  concurrencyPerReplica: number,
): ReplicaBounds {
  const size = sizes[workload.size ?? 'Small'];
  const replicas = (concurrency: number): number =>
    Math.max(1, Math.ceil(concurrency / concurrencyPerReplica));
  return {
    min: replicas(workload.minConcurrency ?? size.min),
    max: replicas(workload.maxConcurrency ?? size.max),
  };
}

/**
 * Returns how many replicas a new Deployment starts with: what it takes over from the one it replaces, within its own
 * bounds, so that a switch of the traffic never meets less capacity than there was.
 */
export function initialReplicas(bounds: ReplicaBounds, replaced: number): number {
  return Math.min(bounds.max, Math.max(bounds.min, replaced));
}
