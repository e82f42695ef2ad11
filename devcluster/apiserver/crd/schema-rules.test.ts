import { describe, expect, it } from 'vitest';
import type { Schema } from '../schema/schema.ts';
import { compileRules } from './cel-rules.ts';
import { setSchemaDefaults } from './defaulting.ts';
import { pruneNulls, pruneUnknownFields } from './prune.ts';
import { checkStructural } from './structural.ts';
import { checkSchema } from './validate.ts';

const texts = (schema: Schema, value: unknown): string[] =>
  checkSchema(value, schema, 'spec').map(({ field, message }) => `${field ?? ''}: ${message}`);

describe('validation by a schema', () => {
  const list: Schema = { type: 'array', items: { type: 'object', properties: { k: { type: 'string' } } } };
  it.each<[string, Schema, unknown, string[]]>([
    [
      'a value above the maximum',
      { type: 'integer', maximum: 100 },
      140,
      ['spec: Invalid value: 140: spec in body should be less than or equal to 100'],
    ],
    [
      'a value at the exclusive maximum',
      { type: 'integer', maximum: 1, exclusiveMaximum: true },
      1,
      ['spec: Invalid value: 1: spec in body should be less than 1'],
    ],
    [
      'a value below the minimum',
      { type: 'number', minimum: 0.5 },
      0.1,
      ['spec: Invalid value: 0.1: spec in body should be greater than or equal to 0.5'],
    ],
    [
      'a value that is no multiple',
      { type: 'integer', multipleOf: 4 },
      6,
      ['spec: Invalid value: 6: spec in body should be a multiple of 4'],
    ],
    [
      'another type',
      { type: 'integer' },
      'x',
      ['spec: Invalid value: "x": spec in body must be of type integer: "string"'],
    ],
    [
      'a fraction for an integer',
      { type: 'integer' },
      1.5,
      ['spec: Invalid value: 1.5: spec in body must be of type integer: "number"'],
    ],
    [
      'a null',
      { type: 'string' },
      null,
      ['spec: Invalid value: null: spec in body must be of type string: "null"'],
    ],
    [
      'a text that is too long',
      { type: 'string', maxLength: 2 },
      'abc',
      ['spec: Too long: may not be more than 2 bytes'],
    ],
    [
      'a text that is too short',
      { type: 'string', minLength: 1 },
      '',
      ['spec: Invalid value: "": spec in body should be at least 1 chars long'],
    ],
    [
      'a text that does not match',
      { type: 'string', pattern: '^[a-z]+$' },
      'A',
      ['spec: Invalid value: "A": spec in body should match \'^[a-z]+$\''],
    ],
    [
      'a value that is not in the list',
      { type: 'string', enum: ['a', 'b'] },
      'c',
      ['spec: Unsupported value: "c": supported values: "a", "b"'],
    ],
    [
      'a text without its format',
      { type: 'string', format: 'date-time' },
      'now',
      ['spec: Invalid value: "now": spec in body must be of type date-time: "now"'],
    ],
    ['a missing field', { type: 'object', required: ['a'] }, {}, ['spec.a: Required value']],
    [
      'too many entries',
      { ...list, maxItems: 1 },
      [{}, {}],
      ['spec: Too many: 2: must have at most 1 items'],
    ],
    [
      'too few entries',
      { ...list, minItems: 1 },
      [],
      ['spec: Invalid value: 0: spec in body should have at least 1 items'],
    ],
    [
      'too many fields',
      { type: 'object', maxProperties: 1, additionalProperties: { type: 'string' } },
      { a: '', b: '' },
      ['spec: Too many: 2: must have at most 1 items'],
    ],
    [
      'a bad value in a map',
      { type: 'object', additionalProperties: { type: 'string' } },
      { a: 1 },
      ['spec.a: Invalid value: 1: spec.a in body must be of type string: "integer"'],
    ],
    [
      'a bad entry',
      { type: 'array', items: { type: 'string' } },
      ['a', 1],
      ['spec[1]: Invalid value: 1: spec[1] in body must be of type string: "integer"'],
    ],
    [
      'a doubled key',
      { ...list, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] },
      [{ k: 'a' }, { k: 'a' }],
      ['spec[1]: Duplicate value: {"k":"a"}'],
    ],
    [
      'a doubled entry of a set',
      { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      ['a', 'a'],
      ['spec[1]: Duplicate value: "a"'],
    ],
    [
      'a value that fits no branch',
      { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      {},
      ['spec: Invalid value: {}: "spec" must validate one and only one schema (oneOf). Found none valid'],
    ],
    [
      'a value that fits two branches',
      { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      { a: 1, b: 1 },
      [
        'spec: Invalid value: {"a":1,"b":1}: "spec" must validate one and only one schema (oneOf). Found 2 valid',
      ],
    ],
    [
      'a value that fits what it must not',
      { type: 'string', not: { enum: ['x'] } },
      'x',
      ['spec: Invalid value: "x": "spec" must not validate the schema (not)'],
    ],
    [
      'a fraction for an int-or-string',
      { 'x-kubernetes-int-or-string': true },
      true,
      ['spec: Invalid value: true: spec in body must be of type integer,string: "boolean"'],
    ],
  ])('refuses %s', (_name, schema, value, expected) => {
    expect(texts(schema, value)).toEqual(expected);
  });

  it.each<[string, Schema, unknown]>([
    ['a number that is whole', { type: 'number' }, 1],
    ['a nullable null', { type: 'string', nullable: true }, null],
    [
      'either form of int-or-string',
      { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
      '25%',
    ],
    ['a text of as many characters as allowed, however many bytes', { type: 'string', maxLength: 2 }, '😀é'],
    [
      'a value that fits one branch',
      { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      { a: 1 },
    ],
    ['a format that nobody knows', { type: 'string', format: 'moon-phase' }, 'full'],
  ])('accepts %s', (_name, schema, value) => {
    expect(texts(schema, value)).toEqual([]);
  });
});

describe('pruning', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      a: { type: 'string' },
      list: { type: 'array', items: { type: 'object', properties: { k: { type: 'string' } } } },
      map: {
        type: 'object',
        additionalProperties: { type: 'object', properties: { k: { type: 'string' } } },
      },
      open: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { shut: { type: 'object', properties: {} } },
      },
      pod: {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        properties: { spec: { type: 'object' } },
      },
    },
  };

  it('drops what the schema does not know and says where it was', () => {
    const value = {
      a: 'x',
      b: 1,
      list: [{ k: 'x', l: 1 }],
      map: { any: { k: 'x', l: 1 } },
      open: { free: { deep: 1 }, shut: { gone: 1 } },
      pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', nope: 1 }, status: {} },
    };
    expect(pruneUnknownFields(value, schema)).toEqual([
      'b',
      'list[0].l',
      'map.any.l',
      'open.shut.gone',
      'pod.metadata.nope',
      'pod.status',
    ]);
    expect(value).toEqual({
      a: 'x',
      list: [{ k: 'x' }],
      map: { any: { k: 'x' } },
      open: { free: { deep: 1 }, shut: {} },
      pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } },
    });
  });

  it('drops nulls except where they mean something', () => {
    const value = { a: null, b: null, c: [{ d: null }] };
    pruneNulls(value, {
      properties: {
        a: { type: 'string' },
        b: { type: 'string', nullable: true },
        c: { type: 'array', items: { type: 'object', properties: { d: { type: 'string' } } } },
      },
    });
    expect(value).toEqual({ b: null, c: [{}] });
  });
});

describe('defaulting', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      a: { type: 'string', default: 'x' },
      b: { type: 'object', default: {}, properties: { c: { type: 'integer', default: 1 } } },
      d: { type: 'object', properties: { e: { type: 'integer', default: 2 } } },
      list: {
        type: 'array',
        items: { type: 'object', properties: { f: { type: 'boolean', default: true } } },
      },
    },
  };
  it.each([
    ['fills what is absent, and inside defaults', {}, { a: 'x', b: { c: 1 } }],
    ['keeps what is there, false and zero too', { a: '', b: { c: 0 } }, { a: '', b: { c: 0 } }],
    ['goes into objects that are there', { d: {} }, { a: 'x', b: { c: 1 }, d: { e: 2 } }],
    [
      'goes into lists',
      { list: [{}, { f: false }] },
      { a: 'x', b: { c: 1 }, list: [{ f: true }, { f: false }] },
    ],
  ])('%s', (_name, value, expected) => {
    setSchemaDefaults(value, schema);
    expect(value).toEqual(expected);
  });
});

describe('a structural schema', () => {
  it.each<[string, Schema, string]>([
    [
      'a field without a type',
      { type: 'object', properties: { a: {} } },
      's.properties[a].type: Required value: must not be empty for specified object fields',
    ],
    [
      'an unknown type',
      { type: 'object', properties: { a: { type: 'text' } } },
      's.properties[a].type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"',
    ],
    [
      'a root that is no object',
      { type: 'array', items: { type: 'string' } },
      's.type: Invalid value: "array": must be object at the root',
    ],
    [
      'both kinds of fields',
      {
        type: 'object',
        properties: { a: { type: 'object', properties: {}, additionalProperties: { type: 'string' } } },
      },
      's.properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
    ],
    [
      'a list without items',
      { type: 'object', properties: { a: { type: 'array' } } },
      's.properties[a].items: Required value: must be specified',
    ],
    [
      'a type inside a branch',
      { type: 'object', properties: { a: { type: 'string', anyOf: [{ type: 'string' }] } } },
      's.properties[a].anyOf[0].type: Forbidden: must be empty to be structural',
    ],
    [
      'a list map without keys',
      {
        type: 'object',
        properties: { a: { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' } },
      },
      's.properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
    ],
    [
      'a reference',
      { type: 'object', properties: { a: { type: 'object', $ref: '#/x' } } },
      's.properties[a].$ref: Forbidden: $ref is not supported',
    ],
    [
      'an expression that does not compile',
      { type: 'object', properties: { a: { type: 'string', pattern: '(' } } },
      's.properties[a].pattern: Invalid value: "(": must be a valid regular expression',
    ],
  ])('has not %s', (_name, schema, expected) => {
    expect(checkStructural(schema, 's').map(({ field, message }) => `${field ?? ''}: ${message}`)).toContain(
      expected,
    );
  });
});

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
