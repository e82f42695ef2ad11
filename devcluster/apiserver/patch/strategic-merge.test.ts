import { describe, expect, it } from 'vitest';
import { referenceTo, resolveSchema } from '../schema/schema.ts';
import { applyStrategicMergePatch } from './strategic-merge.ts';

describe('a strategic merge patch', () => {
  const schema = resolveSchema(referenceTo('io.k8s.api.core.v1.PodSpec'));
  const spec = {
    nodeSelector: { a: '1', b: '2' },
    containers: [
      { name: 'x', image: 'x:1', args: ['a'], env: [{ name: 'A', value: '1' }] },
      { name: 'y', image: 'y:1', ports: [{ containerPort: 80 }] },
    ],
    volumes: [{ name: 'v', emptyDir: {} }],
    tolerations: [{ key: 'k', operator: 'Exists' }],
  };

  it.each([
    [
      'merges the entry with the same key',
      { containers: [{ name: 'x', image: 'x:2' }] },
      { containers: [{ ...spec.containers[0], image: 'x:2' }, spec.containers[1]] },
    ],
    [
      'adds an entry with a new key',
      { containers: [{ name: 'z', image: 'z:1' }] },
      { containers: [...spec.containers, { name: 'z', image: 'z:1' }] },
    ],
    [
      'deletes an entry by directive',
      { containers: [{ name: 'x', $patch: 'delete' }] },
      { containers: [spec.containers[1]] },
    ],
    [
      'replaces a list by directive',
      { containers: [{ $patch: 'replace' }, { name: 'z' }] },
      { containers: [{ name: 'z' }] },
    ],
    [
      'replaces a list without merge keys',
      { tolerations: [{ key: 'other' }] },
      { tolerations: [{ key: 'other' }] },
    ],
    [
      'replaces a list of scalars',
      { containers: [{ name: 'x', args: ['b'] }] },
      { containers: [{ ...spec.containers[0], args: ['b'] }, spec.containers[1]] },
    ],
    [
      'merges lists inside list entries',
      { containers: [{ name: 'x', env: [{ name: 'B', value: '2' }] }] },
      {
        containers: [
          {
            ...spec.containers[0],
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
          spec.containers[1],
        ],
      },
    ],
    [
      'orders entries as the directive says',
      { '$setElementOrder/containers': [{ name: 'y' }, { name: 'x' }] },
      { containers: [spec.containers[1], spec.containers[0]] },
    ],
    [
      'keeps entries that the order does not name behind those that they followed',
      { '$setElementOrder/containers': [{ name: 'z' }, { name: 'x' }], containers: [{ name: 'z' }] },
      { containers: [{ name: 'z' }, spec.containers[0], spec.containers[1]] },
    ],
    ['merges a map', { nodeSelector: { b: null, c: '3' } }, { nodeSelector: { a: '1', c: '3' } }],
    [
      'replaces a map by directive',
      { nodeSelector: { $patch: 'replace', c: '3' } },
      { nodeSelector: { c: '3' } },
    ],
    [
      'keeps only the fields of a union that it retains',
      { volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] },
      { volumes: [{ name: 'v', configMap: { name: 'c' } }] },
    ],
    ['removes a field that it sets to null', { volumes: null }, { volumes: undefined }],
  ])('%s', (_name, patch, expected) => {
    expect(applyStrategicMergePatch(spec, patch, schema)).toEqual({ ...spec, ...expected });
  });

  it('adds to and deletes from a list of scalars that merges', () => {
    const metadata = resolveSchema(referenceTo('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'));
    const patch = { finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['a'] };
    expect(applyStrategicMergePatch({ finalizers: ['a', 'b'] }, patch, metadata)).toEqual({
      finalizers: ['b', 'c'],
    });
  });

  it('does not mistake a user field that begins with $ for a directive', () => {
    const configMap = resolveSchema(referenceTo('io.k8s.api.core.v1.ConfigMap'));
    expect(applyStrategicMergePatch({ data: {} }, { data: { $price: '1' } }, configMap)).toEqual({
      data: { $price: '1' },
    });
  });

  it.each([
    ['an entry without its merge key', { containers: [{ image: 'x' }] }],
    ['an unknown directive', { nodeSelector: { $patch: 'explode' } }],
    ['a scalar in a list that merges by key', { containers: ['x'] }],
  ])('is refused with %s', (_name, patch) => {
    expect(() => applyStrategicMergePatch(spec, patch, schema)).toThrow(
      expect.objectContaining({ httpStatus: 400 }),
    );
  });
});
