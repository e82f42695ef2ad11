/** Owns the tests of the structural check: what the API server refuses never reaches a file. */
import { describe, expect, it } from 'vitest';
import type { JsonSchema } from '../json-schema.ts';
import { checkStructural } from './check-structural.ts';

const objectOf = (field: JsonSchema): JsonSchema => ({ type: 'object', properties: { field } });
const text: JsonSchema = { type: 'string' };

const accepted: [sentence: string, schema: JsonSchema][] = [
  ['an object', objectOf(text)],
  ['a value of any shape', { 'x-kubernetes-preserve-unknown-fields': true }],
  ['int or string', { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }],
  [
    'a combinator about declared fields',
    { ...objectOf(text), oneOf: [{ required: ['field'], properties: { field: { maxLength: 3 } } }] },
  ],
  ['not', { ...objectOf(text), not: { required: ['field'] } }],
];

const refused: [sentence: string, schema: JsonSchema, message: string][] = [
  ['a reference', { $ref: '#/definitions/a' }, 'field: $ref is no keyword of a CRD schema'],
  ['a definition', { ...text, definitions: {} }, 'field: definitions is no keyword'],
  ['a value without a type', { maxLength: 3 }, 'field: type is missing'],
  ['a list without items', { type: 'array' }, 'field: items is missing'],
  ['a fault inside a list', { type: 'array', items: {} }, 'field[]: type is missing'],
  ['a fault inside a map', { type: 'object', additionalProperties: {} }, 'field[*]: type is missing'],
  [
    'fields and a map at once',
    { ...objectOf(text), additionalProperties: text },
    'field: properties and additionalProperties exclude each other',
  ],
  [
    'a closed map',
    { type: 'object', additionalProperties: false },
    'field: additionalProperties must not be false',
  ],
  [
    'a required field that nobody declared',
    { ...objectOf(text), required: ['other'] },
    'field: a required field is not declared',
  ],
  ['a look-behind', { ...text, pattern: '(?<!a)b' }, 'field: the pattern uses look-around'],
  ['a back-reference', { ...text, pattern: '(a)\\1' }, 'field: the pattern uses look-around'],
  [
    'a type inside a combinator',
    { ...text, allOf: [{ type: 'string' }] },
    'field: type must not stand inside allOf, anyOf, oneOf or not',
  ],
  [
    'a description inside not',
    { ...text, not: { description: 'x' } },
    'field: description must not stand inside',
  ],
  [
    'a default of a field inside a combinator',
    { ...objectOf(text), anyOf: [{ properties: { field: { default: 'x' } } }] },
    'field: default must not stand inside',
  ],
  [
    'a field that only a combinator declares',
    { ...objectOf(text), anyOf: [{ properties: { other: { minLength: 1 } } }] },
    'field: other is declared only inside',
  ],
  [
    'the same one combinator deeper',
    { ...objectOf(text), anyOf: [{ not: { properties: { other: { minLength: 1 } } } }] },
    'field: other is declared only inside',
  ],
];

describe('checkStructural', () => {
  it.each(accepted)('accepts %s', (_sentence, schema) => {
    expect(() => checkStructural(objectOf(schema))).not.toThrow();
  });

  it.each(refused)('refuses %s', (_sentence, schema, message) => {
    expect(() => checkStructural(objectOf(schema))).toThrow(message);
  });
});
