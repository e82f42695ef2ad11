/** Owns the CEL dialect of Kubernetes' validation rules, as far as Fairlead's own rules use it. */
import { Environment } from '@marcbachmann/cel-js';

/**
 * Returns a CEL environment with `self`, `oldSelf` and those of Kubernetes' extension functions that Fairlead's rules
 * call. A rule that calls another one fails to compile here, so it cannot be generated into a CRD unnoticed.
 */
export function makeCelEnvironment(): Environment {
  return new Environment({ unlistedVariablesAreDyn: true }).registerFunction('list.sum(): dyn', sum);
}

/** Kubernetes: the sum of no numbers is the integer 0. */
function sum(list: readonly (bigint | number)[]): bigint | number {
  const [first, ...others] = list;
  if (first === undefined) return 0n;
  return others.reduce((total, next) => add(total, next), first);
}

function add(left: bigint | number, right: bigint | number): bigint | number {
  if (typeof left === 'bigint' && typeof right === 'bigint') return left + right;
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  throw new TypeError('sum() adds integers or doubles, not a mixture of both');
}
