import { describe, expect, it } from 'vitest';
import type { Schema } from '../schema/schema.ts';
import { pruneNulls, pruneUnknownFields } from './prune.ts';

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
