/** Owns the tests of how CEL rules are evaluated: where, when, on which values, and what is said when they fail. */
import { describe, expect, it } from 'vitest';
import { makeRuleChecker } from './check-rules.ts';
import type { CelSchema } from './schema.ts';

const specOf = (spec: CelSchema): CelSchema => ({ type: 'object', properties: { spec } });

const ruled = (rule: string, schema: CelSchema = {}): CelSchema => ({
  ...schema,
  'x-kubernetes-validations': [{ rule, message: 'no' }],
});

const positive = ruled('self > 0', { type: 'integer' });

interface Row {
  readonly sentence: string;
  readonly schema: CelSchema;
  readonly spec: unknown;
  readonly old?: unknown;
  readonly paths: string[];
}

const entries = { type: 'object', properties: { name: { type: 'string' }, size: ruled('self == oldSelf') } };

const rows: Row[] = [
  { sentence: 'a rule that holds says nothing', schema: positive, spec: 1, paths: [] },
  { sentence: 'a broken rule names its field', schema: positive, spec: 0, paths: ['spec'] },
  { sentence: 'an absent value breaks no rule', schema: positive, spec: undefined, paths: [] },
  {
    sentence: 'rules in lists name the index',
    schema: { type: 'array', items: positive },
    spec: [1, 0, -1],
    paths: ['spec[1]', 'spec[2]'],
  },
  {
    sentence: 'rules in maps name the key',
    schema: { type: 'object', additionalProperties: positive },
    spec: { a: 1, b: 0 },
    paths: ['spec[b]'],
  },
  {
    sentence: 'integers are integers, so that they divide without a rest',
    schema: ruled('self.a / 2 == 3', { type: 'object', properties: { a: { type: 'integer' } } }),
    spec: { a: 7 },
    paths: [],
  },
  {
    sentence: 'numbers are doubles, even where they have no fraction',
    schema: ruled('self.a / 2.0 == 3.5', { type: 'object', properties: { a: { type: 'number' } } }),
    spec: { a: 7 },
    paths: [],
  },
  {
    sentence: 'times are timestamps',
    schema: ruled("self > timestamp('2026-01-01T00:00:00Z')", { type: 'string', format: 'date-time' }),
    spec: '2025-12-31T23:59:59Z',
    paths: ['spec'],
  },
  {
    sentence: 'sum() adds integers and is 0 for an empty list',
    schema: ruled('self.sum() == 0', { type: 'array', items: { type: 'integer' } }),
    spec: [],
    paths: [],
  },
  {
    sentence: 'fields with reserved names are seen under their escaped names',
    schema: ruled('self.__namespace__ == self.x__dash__y', {
      type: 'object',
      properties: { namespace: { type: 'string' }, 'x-y': { type: 'string' } },
    }),
    spec: { namespace: 'a', 'x-y': 'a' },
    paths: [],
  },
  {
    sentence: 'undeclared fields are not seen',
    schema: ruled('!has(self.hidden)', { type: 'object', properties: { a: { type: 'string' } } }),
    spec: { a: 'a', hidden: true },
    paths: [],
  },
  {
    sentence: 'a rule on the old value is skipped when the object is new',
    schema: ruled('self == oldSelf', { type: 'string' }),
    spec: 'a',
    paths: [],
  },
  {
    sentence: 'a rule on the old value sees it',
    schema: ruled('self == oldSelf', { type: 'string' }),
    spec: 'b',
    old: 'a',
    paths: ['spec'],
  },
  {
    sentence: 'entries of a keyed list are compared by key, wherever they stand',
    schema: { type: 'array', items: entries, 'x-kubernetes-list-map-keys': ['name'] },
    spec: [
      { name: 'new', size: 'L' },
      { name: 'kept', size: 'S' },
      { name: 'changed', size: 'L' },
    ],
    old: [
      { name: 'changed', size: 'S' },
      { name: 'kept', size: 'S' },
    ],
    paths: ['spec[2].size'],
  },
  {
    sentence: 'entries of a list without keys have no old value',
    schema: { type: 'array', items: entries },
    spec: [{ name: 'a', size: 'L' }],
    old: [{ name: 'a', size: 'S' }],
    paths: [],
  },
];

describe('makeRuleChecker', () => {
  it.each(rows)('$sentence', ({ schema, spec, old, paths }) => {
    const check = makeRuleChecker(specOf(schema));

    const violations = check({ spec }, old === undefined ? undefined : { spec: old });

    expect(violations.map(({ path }) => path)).toEqual(paths);
  });

  it('shows the rules of the root the name of the object and no other metadata', () => {
    const check = makeRuleChecker(ruled("self.metadata.name == 'iris' && !has(self.metadata.labels)"));

    expect(check({ metadata: { name: 'iris', labels: { a: 'b' } } })).toEqual([]);
  });

  it('gives the reason and the path that the rule names', () => {
    const rule = { rule: 'has(self.a)', message: 'say a', reason: 'FieldValueRequired', fieldPath: '.a' };
    const check = makeRuleChecker(specOf({ type: 'object', 'x-kubernetes-validations': [rule] }));

    expect(check({ spec: {} })).toEqual([{ path: 'spec.a', message: 'say a', reason: 'FieldValueRequired' }]);
  });

  it('says which rule failed when the rule has no message', () => {
    const check = makeRuleChecker(specOf({ 'x-kubernetes-validations': [{ rule: 'self > 1' }] }));

    expect(check({ spec: 1 })).toEqual([
      { path: 'spec', message: 'failed rule: self > 1', reason: 'FieldValueInvalid' },
    ]);
  });

  it('refuses the object when a rule cannot be evaluated', () => {
    const check = makeRuleChecker(specOf(ruled('self.missing.deeper == 1', { type: 'object' })));

    expect(check({ spec: {} })[0]?.message).toContain('could not be evaluated');
  });

  it.each(['self ==', 'self.bogus()'])('refuses the rule %s when the checker is made', (rule) => {
    expect(() => makeRuleChecker(specOf(ruled(rule)))).toThrow();
  });
});
