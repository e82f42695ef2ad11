/** Owns the replicas that a reconcile sets: before traffic comes, and where zero is no longer wanted. */
import type { EntityPlan } from './plan-entities.ts';

export interface ScaleChange {
  readonly deployment: string;
  /** The write is refused when the Deployment has changed since. */
  readonly resourceVersion: string;
  readonly replicas: number;
  readonly cause: string;
}

/** Returns the changes; between 1 and N replicas of a Deployment with traffic are the HPA's business. */
export function planScales(entities: readonly EntityPlan[]): ScaleChange[] {
  return entities.flatMap(({ observed, leastReplicas, blueprint, entity }) => {
    const resourceVersion = observed?.metadata?.resourceVersion;
    const name = observed?.metadata?.name;
    if (resourceVersion === undefined || name === undefined || blueprint === undefined) return [];
    const replicas = observed?.spec?.replicas ?? 1;
    const change = (wanted: number, cause: string): ScaleChange[] => [
      { deployment: name, resourceVersion, replicas: wanted, cause },
    ];
    if (replicas < leastReplicas) return change(leastReplicas, 'it is to take over traffic');
    if (replicas === 0 && !entity.workload.scaleToZero.enabled) {
      return change(blueprint.bounds.min, 'its workload may not be at zero');
    }
    return [];
  });
}
