import { describe, expect, it } from 'vitest';
import { ApiError } from '../errors/api-error.ts';
import { referenceTo, resolveSchema } from '../schema/schema.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMergePatch } from './strategic-merge.ts';

describe('a merge patch', () => {
  it.each([
    ['replaces a field', { a: 'b' }, { a: 'c' }, { a: 'c' }],
    ['adds a field', { a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    ['removes a field that it sets to null', { a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    ['replaces a list as a whole', { a: ['b'] }, { a: ['c', 'd'] }, { a: ['c', 'd'] }],
    ['goes into objects', { a: { b: 'c', d: 'e' } }, { a: { b: null } }, { a: { d: 'e' } }],
    ['makes an object of a scalar', { a: 1 }, { a: { b: { c: null } } }, { a: { b: {} } }],
    ['keeps a null that was there', { a: null }, { b: 1 }, { a: null, b: 1 }],
  ])('%s', (_name, target, patch, expected) => {
    expect(applyMergePatch(target, patch)).toEqual(expected);
  });
});

describe('a JSON patch', () => {
  it.each([
    ['adds a field', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['inserts into a list', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    ['appends to a list', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    ['removes an entry', { a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    ['replaces a value', { a: { b: 1 } }, [{ op: 'replace', path: '/a/b', value: 2 }], { a: { b: 2 } }],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
    ['moves a value', { a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
    ['copies a value', { a: [1] }, [{ op: 'copy', from: '/a', path: '/b' }], { a: [1], b: [1] }],
    [
      'reads escaped names',
      { 'a/b': { 'c~d': 1 } },
      [{ op: 'replace', path: '/a~1b/c~0d', value: 2 }],
      { 'a/b': { 'c~d': 2 } },
    ],
    [
      'goes on after a test that holds',
      { a: { b: [1] } },
      [
        { op: 'test', path: '/a', value: { b: [1] } },
        { op: 'remove', path: '/a' },
      ],
      {},
    ],
  ])('%s', (_name, target, patch, expected) => {
    expect(applyJsonPatch(target, patch)).toEqual(expected);
  });

  it.each([
    ['a test that does not hold', 422, [{ op: 'test', path: '/a', value: 2 }]],
    ['a replace of what is not there', 422, [{ op: 'replace', path: '/x', value: 2 }]],
    ['a remove of what is not there', 422, [{ op: 'remove', path: '/a/b' }]],
    ['an index behind the end', 422, [{ op: 'add', path: '/list/5', value: 2 }]],
    ['an add below a scalar', 422, [{ op: 'add', path: '/a/b/c', value: 2 }]],
    ['an unknown operation', 400, [{ op: 'merge', path: '/a' }]],
    ['a path that is no pointer', 400, [{ op: 'add', path: 'a', value: 1 }]],
    ['a move from nowhere', 400, [{ op: 'move', path: '/a' }]],
    ['an object instead of a list', 400, { a: 1 }],
  ])('is refused with %s', (_name, status, patch) => {
    const refused = (): unknown => applyJsonPatch({ a: 1, list: [1] }, patch);
    expect(refused).toThrow(ApiError);
    expect(refused).toThrow(expect.objectContaining({ httpStatus: status }));
  });

  it('leaves the object that it is given as it is', () => {
    const target = { a: [1] };
    applyJsonPatch(target, [{ op: 'add', path: '/a/-', value: 2 }]);
    expect(target).toEqual({ a: [1] });
  });
});

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
