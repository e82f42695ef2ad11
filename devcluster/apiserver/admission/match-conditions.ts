/** Owns the match conditions of webhooks: CEL over the object, the old object and the request. */
import { Environment } from '@marcbachmann/cel-js';
import { messageOf } from '../../../platform/errors.ts';
import { registerKubernetesFunctions } from '../crd/cel-functions.ts';
import { dynamicValue } from '../crd/cel-types.ts';

export interface MatchCondition {
  readonly expression: string;
  /** Why it cannot be evaluated at all. */
  readonly problem: string | undefined;
  /** @throws Error where the evaluation fails. */
  readonly holds: (variables: ConditionVariables) => boolean;
}

export interface ConditionVariables {
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly request: unknown;
}

/** Returns a condition; one that does not compile never holds, and tells why. */
export function compileCondition(expression: string): MatchCondition {
  const environment = new Environment({ homogeneousAggregateLiterals: false, enableOptionalTypes: true });
  registerKubernetesFunctions(environment);
  for (const variable of ['object', 'oldObject', 'request']) environment.registerVariable(variable, 'dyn');
  try {
    const program = environment.parse(expression);
    const checked = program.check();
    const returns = checked.type ?? '';
    const problem = !checked.valid
      ? (checked.error?.message ?? 'it does not compile')
      : returns !== 'bool' && returns !== 'dyn'
        ? 'must evaluate to bool'
        : undefined;
    const holds = ({ object, oldObject, request }: ConditionVariables): boolean =>
      program({
        object: dynamicValue(object ?? null),
        oldObject: dynamicValue(oldObject ?? null),
        request: dynamicValue(request),
      }) === true;
    return { expression, problem, holds };
  } catch (error) {
    return { expression, problem: messageOf(error), holds: () => false };
  }
}
