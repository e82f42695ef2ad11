/** Owns the status of a runtime: whether endpoints can be served with it, and why not. Pure. */
import type { Condition } from '../../crds/schema/condition.ts';
import { conditionTypes } from '../../crds/schema/condition.ts';
import { runtimeReasons } from '../../crds/schema/reasons.ts';
import type { ServingRuntime } from '../../crds/schema/serving-runtime.ts';
import { claim, makeConditions } from '../serving-endpoint/conditions.ts';
import type { Claim } from '../serving-endpoint/conditions.ts';

type RuntimeStatus = NonNullable<ServingRuntime['status']>;

export interface RuntimeReport {
  readonly generation: number;
  readonly disabled: boolean;
  readonly problems: readonly string[];
  readonly previous: readonly Condition[];
  readonly now: number;
}

/** Returns the status. A runtime that is disabled is as it was asked to be, so it is ready (kstatus: Current). */
export function runtimeStatus({ generation, previous, now, ...report }: RuntimeReport): RuntimeStatus {
  const claims = claimsOf(report);
  return {
    observedGeneration: generation,
    ready: claims[0].status,
    conditions: makeConditions(claims, previous, { generation, now }),
  };
}

function claimsOf({ disabled, problems }: Pick<RuntimeReport, 'disabled' | 'problems'>): [Claim, ...Claim[]] {
  const { ready, stalled } = conditionTypes;
  if (problems.length > 0) {
    const message = problems.join('; ');
    return [
      claim(ready, 'False', runtimeReasons.invalid, message),
      claim(stalled, 'True', runtimeReasons.invalid, message),
    ];
  }
  if (disabled)
    return [claim(ready, 'True', runtimeReasons.disabled, 'spec.disabled keeps it from being chosen')];
  return [claim(ready, 'True', runtimeReasons.usable)];
}
