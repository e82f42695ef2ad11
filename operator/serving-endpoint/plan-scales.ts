/** Owns the replicas that a reconcile sets: before traffic comes, and where zero is no longer wanted. */
import type { EntityPlan } from './plan-entities.ts';
import { replicasOf } from './replicas.ts';

export interface ScaleChange {
  readonly deployment: string;
  /** The write is refused when the Deployment has changed since. */
  readonly resourceVersion: string;
  readonly replicas: number;
  readonly cause: string;
}

/** Returns the changes; between 1 and N replicas of a Deployment with traffic are the HPA's business. */
export function planScales(entities: readonly EntityPlan[]): ScaleChange[] {
  return entities.flatMap((entity) => {
    const { observed } = entity;
    const wanted = wantedReplicas(entity);
    if (observed?.metadata === undefined || wanted === undefined) return [];
    const { name = '', resourceVersion = '' } = observed.metadata;
    return [{ deployment: name, resourceVersion, ...wanted }];
  });
}

/** Returns what stops everything that runs. */
export function planStop(entities: readonly EntityPlan[]): ScaleChange[] {
  const running = entities.filter(
    ({ observed }) => observed !== undefined && replicasOf(observed).desired > 0,
  );
  const byName = new Map(running.map(({ observed }) => [observed?.metadata?.name ?? '', observed]));
  return [...byName].map(([deployment, observed]) => ({
    deployment,
    resourceVersion: observed?.metadata?.resourceVersion ?? '',
    replicas: 0,
    cause: 'the endpoint is stopped',
  }));
}

function wantedReplicas(plan: EntityPlan): Pick<ScaleChange, 'replicas' | 'cause'> | undefined {
  const { observed, leastReplicas, blueprint, entity } = plan;
  if (observed === undefined || blueprint === undefined) return undefined;
  const { desired } = replicasOf(observed);
  if (desired < leastReplicas) return { replicas: leastReplicas, cause: 'it is to take over traffic' };
  return desired === 0 && !entity.workload.scaleToZero.enabled
    ? { replicas: blueprint.scaling.min, cause: 'its workload may not be at zero' }
    : undefined;
}
