import { describe, expect, it } from 'vitest';
import type { Schema } from '../schema/schema.ts';
import { checkStructural } from './structural.ts';

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
