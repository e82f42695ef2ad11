import { describe, expect, it } from 'vitest';
import type { Schema } from '../schema/schema.ts';
import { setSchemaDefaults } from './defaulting.ts';

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
