/** Owns the functions that Kubernetes adds to CEL and the CEL library does not bring. */
import type { Environment } from '@marcbachmann/cel-js';

type Comparable = bigint | number | string | boolean;

const comparableTypes = ['int', 'double', 'string', 'bool'] as const;

/** Registers Kubernetes' list and regular-expression functions, `replace` and `isURL`. */
export function registerKubernetesFunctions(environment: Environment): void {
  registerListFunctions(environment);
  environment.registerFunction(
    'string.replace(string, string): string',
    (text: string, from: string, to: string) => text.replaceAll(from, to),
  );
  environment.registerFunction(
    'string.find(string): string',
    (text: string, pattern: string) => new RegExp(pattern, 'u').exec(text)?.[0] ?? '',
  );
  environment.registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) =>
    [...text.matchAll(new RegExp(pattern, 'gu'))].map(([match]) => match),
  );
  environment.registerFunction('isURL(string): bool', (text: string) => URL.canParse(text));
}

function registerListFunctions(environment: Environment): void {
  for (const type of comparableTypes) {
    environment.registerFunction(`list<${type}>.isSorted(): bool`, (list: readonly Comparable[]) =>
      list.every((value, index) =>
        list.slice(Math.max(index - 1, 0), index).every((before) => before <= value),
      ),
    );
    environment.registerFunction(`list<${type}>.min(): ${type}`, (list: readonly Comparable[]) =>
      extreme(list, (a, b) => a < b),
    );
    environment.registerFunction(`list<${type}>.max(): ${type}`, (list: readonly Comparable[]) =>
      extreme(list, (a, b) => a > b),
    );
    environment.registerFunction(
      `list<${type}>.indexOf(${type}): int`,
      (list: readonly Comparable[], wanted: Comparable) => BigInt(list.indexOf(wanted)),
    );
    environment.registerFunction(
      `list<${type}>.lastIndexOf(${type}): int`,
      (list: readonly Comparable[], wanted: Comparable) => BigInt(list.lastIndexOf(wanted)),
    );
  }
  environment.registerFunction('list<int>.sum(): int', (list: readonly bigint[]) =>
    list.reduce((total, value) => total + value, 0n),
  );
  environment.registerFunction('list<double>.sum(): double', (list: readonly number[]) =>
    list.reduce((total, value) => total + value, 0),
  );
}

function extreme(
  list: readonly Comparable[],
  isBetter: (a: Comparable, b: Comparable) => boolean,
): Comparable {
  const [first, ...rest] = list;
  if (first === undefined) throw new Error('min or max of an empty list');
  return rest.reduce((best, value) => (isBetter(value, best) ? value : best), first);
}
