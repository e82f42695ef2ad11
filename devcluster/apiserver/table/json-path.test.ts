import { describe, expect, it } from 'vitest';
import { parseJsonPath } from './json-path.ts';

describe('a JSONPath', () => {
  const object = {
    spec: { a: { b: 1 }, list: [{ n: 'x' }, { n: 'y' }], 'dotted.name': 2 },
    status: {
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'Other', status: 'False' },
      ],
    },
  };
  it.each([
    ['.spec.a.b', [1]],
    ['{.spec.a.b}', [1]],
    ['.spec.list[0].n', ['x']],
    ['.spec.list[-1].n', ['y']],
    ['.spec.list[*].n', ['x', 'y']],
    [".spec['dotted.name']", [2]],
    ['.spec.dotted\\.name', [2]],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type!='Ready')].status", ['False']],
    ['.spec.missing.b', []],
  ])('%s reads %j', (path, expected) => {
    expect(parseJsonPath(path)?.(object)).toEqual(expected);
  });

  it.each(['spec.a', '.spec[', '.spec[?(@.a)]', '.spec..a'])('%s cannot be parsed', (path) => {
    expect(parseJsonPath(path)).toBeUndefined();
  });
});
