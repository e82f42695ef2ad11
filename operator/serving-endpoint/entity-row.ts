/** Owns the row of a served entity in the status. */
import type { ServedEntityStatus } from '../../crds/schema/serving-endpoint.ts';
import { runtimeKindOf } from '../serving-runtime/select-runtime.ts';
import { coldStartOf } from './cold-start.ts';
import { fitted, formatTime } from './conditions.ts';
import { withDefined } from './defined.ts';
import type { EntityPlan } from './plan-entities.ts';
import { replicasOf } from './replicas.ts';

/** Returns the row; what cannot be seen at the moment (the start of a pod that has gone) stays as it was. */
export function makeEntityRow(
  plan: EntityPlan,
  previous: readonly ServedEntityStatus[],
  now: number,
): ServedEntityStatus {
  const { configVersion, entity, deployment, observed, pods, fetch, verdict, blueprint } = plan;
  const before = previous.find((row) =>
    deployment === undefined
      ? row.name === entity.name && row.configVersion === configVersion
      : row.deployment === deployment,
  );
  return {
    name: entity.name,
    configVersion,
    state: verdict.state,
    since: (before?.state === verdict.state ? before.since : undefined) ?? formatTime(now),
    reason: verdict.reason,
    ...withDefined('message', verdict.message === '' ? undefined : fitted(verdict.message)),
    ...runtimeColumns(blueprint, before),
    ...withDefined('deployment', deployment),
    ...withDefined('replicas', observed === undefined ? undefined : shown(replicasOf(observed))),
    ...withDefined('fetch', fetch),
    ...withDefined('coldStart', coldStartOf(pods, before?.coldStart)),
  };
}

const shown = ({ desired, ready }: { desired: number; ready: number }) => ({ desired, ready });

type RuntimeColumns = Pick<ServedEntityStatus, 'runtime' | 'runtimeKind' | 'runtimeGeneration'>;

/** Which runtime, and as which version of it: a change of the runtime is a change of what runs. */
function runtimeColumns(
  blueprint: EntityPlan['blueprint'],
  before: ServedEntityStatus | undefined,
): RuntimeColumns {
  const runtime = blueprint?.runtime;
  const columns: { [Column in keyof RuntimeColumns]: RuntimeColumns[Column] | undefined } =
    runtime === undefined
      ? {
          runtime: before?.runtime,
          runtimeKind: before?.runtimeKind,
          runtimeGeneration: before?.runtimeGeneration,
        }
      : {
          runtime: runtime.name,
          runtimeKind: runtimeKindOf(runtime),
          runtimeGeneration: runtime.generation,
        };
  return {
    ...withDefined('runtime', columns.runtime),
    ...withDefined('runtimeKind', columns.runtimeKind),
    ...withDefined('runtimeGeneration', columns.runtimeGeneration),
  };
}
