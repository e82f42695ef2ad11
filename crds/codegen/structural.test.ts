/** Owns the tests of the seven rewrites, on what zod really emits. One table, so it is longer than a file should be. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { atomicList, listMap, rules } from '../schema/cel.ts';
import type { JsonSchema } from '../json-schema.ts';
import { makeStructuralSchema } from './structural.ts';

interface Row {
  readonly sentence: string;
  readonly schema: z.ZodType;
  readonly becomes: JsonSchema;
}

const shared = z.string().max(5).meta({ id: 'shared-name' });
const sharedObject = z.strictObject({ name: shared }).meta({ id: 'shared-object' });

const references: Row[] = [
  {
    sentence: 'a shared schema is written where it is used',
    schema: z.strictObject({ one: shared, two: shared }),
    becomes: {
      type: 'object',
      properties: { one: { type: 'string', maxLength: 5 }, two: { type: 'string', maxLength: 5 } },
      required: ['one', 'two'],
    },
  },
  {
    sentence: 'what stands beside a reference wins over what it refers to',
    schema: z.strictObject({ one: shared.max(3).describe('Narrower.').optional() }),
    becomes: {
      type: 'object',
      properties: { one: { type: 'string', maxLength: 3, description: 'Narrower.' } },
    },
  },
  {
    sentence: 'references inside a shared schema are followed',
    schema: z.strictObject({ inner: sharedObject.describe('An object.') }),
    becomes: {
      type: 'object',
      properties: {
        inner: {
          type: 'object',
          properties: { name: { type: 'string', maxLength: 5 } },
          required: ['name'],
          description: 'An object.',
        },
      },
      required: ['inner'],
    },
  },
];

const objects: Row[] = [
  {
    sentence: 'a strict object is closed by pruning, not by additionalProperties',
    schema: z.strictObject({ a: z.string() }),
    becomes: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
  },
  {
    sentence: 'a loose object keeps unknown fields',
    schema: z.looseObject({ a: z.string().optional() }),
    becomes: {
      type: 'object',
      properties: { a: { type: 'string' } },
      'x-kubernetes-preserve-unknown-fields': true,
    },
  },
  {
    sentence: 'a loose object without fields of its own has no empty properties',
    schema: z.looseObject({}),
    becomes: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
  {
    sentence: 'a map stays a map',
    schema: z.record(z.string(), z.boolean()),
    becomes: { type: 'object', additionalProperties: { type: 'boolean' } },
  },
];

const numbers: Row[] = [
  { sentence: 'an integer without bounds', schema: z.int(), becomes: { type: 'integer', format: 'int64' } },
  {
    sentence: "a bound of one's own stays, the other one goes",
    schema: z.int().min(1),
    becomes: { type: 'integer', format: 'int64', minimum: 1 },
  },
  {
    sentence: 'narrow bounds make it 32 bits wide',
    schema: z.int().min(0).max(100),
    becomes: { type: 'integer', format: 'int32', minimum: 0, maximum: 100 },
  },
  {
    sentence: 'a 32-bit integer needs no bounds to say so',
    schema: z.int32(),
    becomes: { type: 'integer', format: 'int32' },
  },
  {
    sentence: 'an exclusive bound stays exclusive',
    schema: z.int().gt(3),
    becomes: { type: 'integer', format: 'int64', minimum: 3, exclusiveMinimum: true },
  },
  {
    sentence: 'int or string, in the one form that the API server accepts',
    schema: z.union([z.string(), z.int()]).describe('A port.'),
    becomes: {
      description: 'A port.',
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
    },
  },
  {
    sentence: 'bounds and pattern of int or string move outside',
    schema: z.union([z.int().min(1).max(9), z.string().regex(/^[0-9]+%$/)]),
    becomes: {
      minimum: 1,
      maximum: 9,
      pattern: '^[0-9]+%$',
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
    },
  },
];

const unions: Row[] = [
  {
    sentence: 'the fields of all variants are declared, and rules tell them apart',
    schema: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('file'), path: z.string() }),
      z.strictObject({ type: z.literal('web'), url: z.string(), proxy: z.string().optional() }),
    ]),
    becomes: {
      type: 'object',
      properties: {
        type: { type: 'string', enum: ['file', 'web'] },
        path: { type: 'string' },
        url: { type: 'string' },
        proxy: { type: 'string' },
      },
      required: ['type'],
      'x-kubernetes-validations': [
        { rule: 'self.type != "file" || has(self.path)', message: 'path is required when type is file' },
        { rule: 'self.type != "web" || has(self.url)', message: 'url is required when type is web' },
        {
          rule: '!has(self.path) || self.type in ["file"]',
          message: 'path is only allowed when type is file',
        },
        { rule: '!has(self.url) || self.type in ["web"]', message: 'url is only allowed when type is web' },
        {
          rule: '!has(self.proxy) || self.type in ["web"]',
          message: 'proxy is only allowed when type is web',
        },
      ],
    },
  },
  {
    sentence: 'a field that every variant has needs no rule, and rules of the union stay first',
    schema: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('a'), size: z.boolean().optional() }),
        z.strictObject({ kind: z.literal('b'), size: z.boolean().optional() }),
      ])
      .meta(rules({ rule: 'has(self.size)', message: 'say the size' })),
    becomes: {
      type: 'object',
      properties: { kind: { type: 'string', enum: ['a', 'b'] }, size: { type: 'boolean' } },
      required: ['kind'],
      'x-kubernetes-validations': [{ rule: 'has(self.size)', message: 'say the size' }],
    },
  },
  {
    sentence: 'names that CEL reserves are escaped in the rules',
    schema: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('a'), 'x-y': z.boolean(), namespace: z.boolean() }),
      z.strictObject({ type: z.literal('b'), 'x-y': z.boolean(), namespace: z.boolean() }),
    ]),
    becomes: {
      type: 'object',
      properties: {
        type: { type: 'string', enum: ['a', 'b'] },
        'x-y': { type: 'boolean' },
        namespace: { type: 'boolean' },
      },
      required: ['type'],
      'x-kubernetes-validations': ['a', 'b'].flatMap((tag) => [
        {
          rule: `self.type != "${tag}" || has(self.x__dash__y)`,
          message: `x-y is required when type is ${tag}`,
        },
        {
          rule: `self.type != "${tag}" || has(self.__namespace__)`,
          message: `namespace is required when type is ${tag}`,
        },
      ]),
    },
  },
];

const unknownValues: Row[] = [
  {
    sentence: 'a value of any shape keeps all that it has',
    schema: z.strictObject({ any: z.unknown().describe('Anything.') }),
    becomes: {
      type: 'object',
      properties: { any: { description: 'Anything.', 'x-kubernetes-preserve-unknown-fields': true } },
      required: ['any'],
    },
  },
  {
    sentence: 'the values of a map and the entries of a list, too',
    schema: z.strictObject({
      map: z.record(z.string(), z.unknown()).optional(),
      list: z.array(z.any()).optional(),
    }),
    becomes: {
      type: 'object',
      properties: {
        map: { type: 'object', additionalProperties: { 'x-kubernetes-preserve-unknown-fields': true } },
        list: {
          type: 'array',
          items: { 'x-kubernetes-preserve-unknown-fields': true },
          'x-kubernetes-list-type': 'atomic',
        },
      },
    },
  },
];

const recordKeys: Row[] = [
  {
    sentence: 'lengths and pattern of the keys become rules',
    schema: z
      .record(
        z
          .string()
          .min(1)
          .max(5)
          .regex(/^[a-z"]+$/),
        z.string(),
      )
      .meta({ maxProperties: 10 }),
    becomes: {
      type: 'object',
      additionalProperties: { type: 'string' },
      maxProperties: 10,
      'x-kubernetes-validations': [
        { rule: 'self.all(key, size(key) >= 1)', message: 'the length of each key must be at least 1' },
        { rule: 'self.all(key, size(key) <= 5)', message: 'the length of each key must be at most 5' },
        { rule: 'self.all(key, key.matches("^[a-z\\"]+$"))', message: 'each key must match ^[a-z"]+$' },
      ],
    },
  },
];

const lists: Row[] = [
  {
    sentence: 'a list of plain values is atomic',
    schema: z.array(z.string()),
    becomes: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'atomic' },
  },
  {
    sentence: 'a list that field managers share is keyed',
    schema: z.array(z.strictObject({ name: z.string() })).meta(listMap('name')),
    becomes: {
      type: 'array',
      items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
  },
  {
    sentence: 'a key may have a default instead of being required',
    schema: z.array(z.strictObject({ name: z.string().default('main') })).meta(listMap('name')),
    becomes: {
      type: 'array',
      items: { type: 'object', properties: { name: { type: 'string', default: 'main' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
  },
  {
    sentence: 'a list that one field manager owns is atomic',
    schema: z.array(z.strictObject({ name: z.string() })).meta(atomicList),
    becomes: {
      type: 'array',
      items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      'x-kubernetes-list-type': 'atomic',
    },
  },
];

const strings: Row[] = [
  {
    sentence: 'a time keeps the format that the API server checks, and loses the pattern that says the same',
    schema: z.iso.datetime({ offset: true }),
    becomes: { type: 'string', format: 'date-time' },
  },
  {
    sentence: 'a format that Kubernetes checks differently leaves its pattern only',
    schema: z.string().startsWith('/'),
    becomes: { type: 'string', pattern: '^\\/.*' },
  },
  {
    sentence: 'two patterns of one string',
    schema: z.string().regex(/^a/).regex(/b$/),
    becomes: { type: 'string', allOf: [{ pattern: '^a' }, { pattern: 'b$' }] },
  },
];

describe.each([
  { name: 'references', rows: references },
  { name: 'open and closed objects', rows: objects },
  { name: 'numbers', rows: numbers },
  { name: 'unions', rows: unions },
  { name: 'unknown values', rows: unknownValues },
  { name: 'record keys', rows: recordKeys },
  { name: 'lists', rows: lists },
  { name: 'strings', rows: strings },
])('makeStructuralSchema: $name', ({ rows }) => {
  it.each(rows)('$sentence', ({ schema, becomes }) => {
    expect(makeStructuralSchema(schema)).toEqual(becomes);
  });
});
