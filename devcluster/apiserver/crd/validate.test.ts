import { describe, expect, it } from 'vitest';
import type { Schema } from '../schema/schema.ts';
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
