import { describe, expect, it } from 'vitest';
import type { Schema } from '../schema/schema.ts';
import { compileRules } from './cel-rules.ts';

describe('CEL rules', () => {
  const rulesOf = (properties: Record<string, Schema>, ...rules: object[]) =>
    compileRules({
      type: 'object',
      properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': rules as never } },
    });
  const messages = (compiled: ReturnType<typeof rulesOf>, spec: unknown, old?: unknown): string[] =>
    compiled.rules
      .check({ spec }, old === undefined ? undefined : { spec: old })
      .map(({ field, message }) => `${field ?? ''}: ${message}`);

  it.each<[string, Record<string, Schema>, string, unknown, boolean]>([
    ['integers', { a: { type: 'integer' } }, 'self.a > 2', { a: 3 }, true],
    ['doubles', { a: { type: 'number' } }, 'self.a > 0.5', { a: 1 }, true],
    ['absent fields', { a: { type: 'integer' } }, 'has(self.a)', {}, false],
    [
      'lists',
      { a: { type: 'array', items: { type: 'integer' } } },
      'self.a.sum() == 6',
      { a: [1, 2, 3] },
      true,
    ],
    [
      'sorted lists',
      { a: { type: 'array', items: { type: 'string' } } },
      'self.a.isSorted()',
      { a: ['b', 'a'] },
      false,
    ],
    [
      'extremes',
      { a: { type: 'array', items: { type: 'integer' } } },
      'self.a.max() - self.a.min() == 4',
      { a: [3, 1, 5] },
      true,
    ],
    [
      'lists of objects',
      { a: { type: 'array', items: { type: 'object', properties: { n: { type: 'integer' } } } } },
      'self.a.all(e, e.n > 0)',
      { a: [{ n: 1 }, { n: 0 }] },
      false,
    ],
    [
      'maps',
      { a: { type: 'object', additionalProperties: { type: 'string' } } },
      "self.a.all(k, k.matches('^[a-z]+$'))",
      { a: { x: '1' } },
      true,
    ],
    [
      'times',
      { a: { type: 'string', format: 'date-time' } },
      "self.a > timestamp('2026-01-01T00:00:00Z')",
      { a: '2026-02-01T00:00:00Z' },
      true,
    ],
    [
      'int-or-string',
      { a: { 'x-kubernetes-int-or-string': true } },
      "type(self.a) == int ? self.a > 0 : self.a.endsWith('%')",
      { a: '5%' },
      true,
    ],
    [
      'free objects',
      { a: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      'self.a.b.c == 1',
      { a: { b: { c: 1 } } },
      true,
    ],
    [
      'reserved names',
      { for: { type: 'string' }, 'x-y': { type: 'string' } },
      "self.__for__ == 'a' && self.x__dash__y == 'b'",
      { for: 'a', 'x-y': 'b' },
      true,
    ],
    ['regular expressions', { a: { type: 'string' } }, "self.a.find('[0-9]+') == '42'", { a: 'x42y' }, true],
  ])('see %s', (_name, properties, rule, spec, holds) => {
    const compiled = rulesOf(properties, { rule, message: 'no' });
    expect(compiled.problems).toEqual([]);
    expect(messages(compiled, spec)).toEqual(holds ? [] : ['spec: Invalid value: "object": no']);
  });

  it('say where, why and what', () => {
    const compiled = rulesOf(
      { a: { type: 'integer' } },
      {
        rule: 'self.a > 1',
        messageExpression: "'a is ' + string(self.a)",
        fieldPath: '.a',
        reason: 'FieldValueForbidden',
      },
      { rule: 'self.a > 2' },
    );
    expect(messages(compiled, { a: 1 })).toEqual([
      'spec.a: Forbidden: a is 1',
      'spec: Invalid value: "object": failed rule: self.a > 2',
    ]);
  });

  it('compare with the old object only where there is one', () => {
    const compiled = rulesOf({ a: { type: 'integer' } }, { rule: 'self.a >= oldSelf.a', message: 'shrinks' });
    expect(messages(compiled, { a: 1 })).toEqual([]);
    expect(messages(compiled, { a: 1 }, { a: 2 })).toEqual(['spec: Invalid value: "object": shrinks']);
  });

  it('find the old entry of a list map by its key', () => {
    const compiled = compileRules({
      type: 'object',
      properties: {
        list: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['k'],
          items: {
            type: 'object',
            properties: { k: { type: 'string' }, v: { type: 'integer' } },
            'x-kubernetes-validations': [{ rule: 'self.v == oldSelf.v', message: 'fixed' }],
          },
        },
      },
    });
    const old = {
      list: [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
      ],
    };
    expect(
      compiled.rules.check(
        {
          list: [
            { k: 'b', v: 2 },
            { k: 'a', v: 9 },
            { k: 'c', v: 3 },
          ],
        },
        old,
      ),
    ).toEqual([{ reason: 'FieldValueInvalid', field: 'list[1]', message: 'Invalid value: "object": fixed' }]);
  });

  it('report an evaluation that fails as a violation', () => {
    const compiled = rulesOf({ a: { type: 'integer' } }, { rule: 'self.a > 1' });
    expect(messages(compiled, {})[0]).toMatch(
      /^spec: Invalid value: "object": rule evaluation error: No such key: a/,
    );
  });

  it.each([
    ['does not parse', 'self.a >'],
    ['names a field that is not there', 'self.b == 1'],
    ['mixes types', "self.a == 'x'"],
    ['is no condition', 'self.a + 1'],
    ['calls an unknown function', 'self.a.frobnicate()'],
  ])('are refused when a rule %s', (_name, rule) => {
    const { problems } = rulesOf({ a: { type: 'integer' } }, { rule });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.path).toBe('openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule');
  });
});
