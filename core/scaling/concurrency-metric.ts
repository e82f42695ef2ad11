/** Owns the number that the HPA follows. */
import type { DeploymentDemand } from './demand-book.ts';

/** Knative's panic threshold: a burst counts when it is twice the stable average. */
const burstThreshold = 2;

/**
 * Returns the concurrency of a Deployment, summed over its pods: the stable average, or the burst average where that is
 * at least twice as much. Ready pods that do not report are taken to carry as much as those that do. Undefined when
 * that would be a guess: the HPA then changes nothing, whereas a 0 would scale down by ignorance.
 */
export function concurrencyMetric(
  demand: DeploymentDemand | undefined,
  readyPods: readonly string[],
): number | undefined {
  if (demand === undefined) return undefined;
  const average =
    demand.burstAverage >= burstThreshold * demand.stableAverage ? demand.burstAverage : demand.stableAverage;
  if (readyPods.length === 0) return average;
  const reporting = new Set(
    demand.reporters.filter(({ source }) => source === 'sidecar').map(({ pod }) => pod),
  );
  const heard = readyPods.filter((pod) => reporting.has(pod)).length;
  return heard === 0 ? undefined : average * (readyPods.length / heard);
}
