/** Owns the row of a served entity in the status. */
import type { ServedEntityStatus } from '../../crds/schema/serving-endpoint.ts';
import { coldStartOf } from './cold-start.ts';
import { fitted } from './conditions.ts';
import { withDefined } from './defined.ts';
import type { EntityPlan } from './plan-entities.ts';
import { replicasOf } from './replicas.ts';

/** Returns the row; what cannot be seen at the moment (the start of a pod that has gone) stays as it was. */
export function makeEntityRow(plan: EntityPlan, previous: readonly ServedEntityStatus[]): ServedEntityStatus {
  const { configVersion, entity, deployment, observed, pods, verdict, blueprint } = plan;
  const before = previous.find((row) => deployment !== undefined && row.deployment === deployment);
  return {
    name: entity.name,
    configVersion,
    state: verdict.state,
    reason: verdict.reason,
    ...withDefined('message', verdict.message === '' ? undefined : fitted(verdict.message)),
    ...withDefined('runtime', blueprint?.runtime.name ?? before?.runtime),
    ...withDefined('deployment', deployment),
    ...withDefined('replicas', observed === undefined ? undefined : shown(replicasOf(observed))),
    ...withDefined('coldStart', coldStartOf(pods, before?.coldStart)),
  };
}

const shown = ({ desired, ready }: { desired: number; ready: number }) => ({ desired, ready });
