/** Owns the JSONPath of printer columns: `.spec.x`, `['a.b']`, `[0]`, `[*]`, `[?(@.type=="Ready")]`. */
import { isObject } from '../objects/kube-object.ts';

type Step = (values: readonly unknown[]) => unknown[];

/** Returns a function that reads the values at `path`; undefined where the path cannot be parsed. */
export function parseJsonPath(path: string): ((root: unknown) => unknown[]) | undefined {
  const steps: Step[] = [];
  let rest = path.replace(/^\{|\}$/g, '').replace(/^\$/, '');
  while (rest !== '') {
    const parsed = parseStep(rest);
    if (parsed === undefined) return undefined;
    steps.push(parsed.step);
    rest = rest.slice(parsed.length);
  }
  return (root) => steps.reduce<unknown[]>((values, step) => step(values), [root]);
}

const forms: readonly [RegExp, (match: RegExpExecArray) => Step][] = [
  [/^\.?\[\*\]|^\.\*/, () => (values) => values.flatMap(childrenOf)],
  [/^\.((?:[-\w/]|\\\.)+)/, ([, name = '']) => fieldStep(name.replaceAll('\\.', '.'))],
  [/^\.?\[(?:'([^']*)'|"([^"]*)")\]/, ([, single, double]) => fieldStep(single ?? double ?? '')],
  [/^\.?\[(-?\d+)\]/, ([, index]) => indexStep(Number(index))],
  [
    /^\.?\[\?\(\s*@((?:\.[-\w/]+)+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|([-\w.]+))\s*\)\]/,
    ([, field = '', operator, double, single, bare]) =>
      filterStep(field, operator === '==', double ?? single ?? bare ?? ''),
  ],
];

function parseStep(text: string): { readonly step: Step; readonly length: number } | undefined {
  for (const [pattern, make] of forms) {
    const match = pattern.exec(text);
    if (match !== null) return { step: make(match), length: match[0].length };
  }
  return undefined;
}

function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  return isObject(value) ? Object.values(value) : [];
}

const fieldStep =
  (name: string): Step =>
  (values) =>
    values.flatMap((value) => (isObject(value) && value[name] !== undefined ? [value[name]] : []));

const indexStep =
  (index: number): Step =>
  (values) =>
    values.flatMap((value) => {
      const item: unknown = Array.isArray(value) ? value.at(index) : undefined;
      return item === undefined ? [] : [item];
    });

function filterStep(field: string, wantEqual: boolean, wanted: string): Step {
  const read = field
    .slice(1)
    .split('.')
    .map((name) => fieldStep(name));
  return (values) =>
    values.flatMap(childrenOf).filter((item) => {
      const [actual] = read.reduce<unknown[]>((found, step) => step(found), [item]);
      const text = typeof actual === 'object' ? JSON.stringify(actual) : `${actual as string | number}`;
      return (actual !== undefined && text === wanted) === wantEqual;
    });
}
