/** Owns what an entity is to run with: a runtime that fits it, and the hardware that its workload type means. */
import { entityReasons } from '../../crds/schema/reasons.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { WorkloadType } from '../config/workload-types.ts';
import { checkPlaceholders } from '../serving-runtime/fill-runtime.ts';
import { runtimeKindOf, selectRuntime } from '../serving-runtime/select-runtime.ts';
import type { RuntimeCandidate } from '../serving-runtime/select-runtime.ts';
import type { EntityExplanation } from './explanation.ts';
import type { ModelEntity } from './resources/blueprint.ts';

export interface Means {
  readonly runtime: RuntimeCandidate;
  readonly hardware: WorkloadType;
}

/** Returns the means, or which of them there are not; `recorded` is the runtime that its Deployment was made with. */
export function chooseMeans(
  entity: ModelEntity,
  runtimes: readonly RuntimeCandidate[],
  { workloadTypes }: Pick<OperatorConfig, 'workloadTypes'>,
  recorded: string | undefined,
): Means | EntityExplanation {
  const { model, workload } = entity;
  const hardware = workloadTypes[workload.type];
  if (hardware === undefined) {
    const known = Object.keys(workloadTypes).join(', ');
    return {
      reason: entityReasons.workloadTypeUnknown,
      message: `the workload type "${workload.type}" does not exist in this cluster; set workload.type to one of ${known}, or have it added to workloadTypes of the operator's configuration`,
    };
  }
  const choice = selectRuntime(runtimes, { model, workloadType: workload.type }, recorded);
  if (!('runtime' in choice)) return choice;
  const { runtime } = choice;
  const problem = checkPlaceholders(runtime.spec);
  if (problem === undefined) return { runtime, hardware };
  const message = `the ${runtimeKindOf(runtime)} "${runtime.name}" cannot be used: ${problem}`;
  return { reason: entityReasons.runtimeUnsuitable, message };
}
