/** Owns the proof that kinds become paths, and that an incomplete name never becomes the path of a collection. */
import { describe, expect, it } from 'vitest';
import { configMaps, deployments, namespaces, pods } from './kinds.ts';
import {
  apiVersionOf,
  collectionPath,
  keyOf,
  makeKind,
  objectPath,
  parseKey,
  refOf,
  resourceNameOf,
} from './resource.ts';

describe('paths', () => {
  it.each([
    ['of the core group', collectionPath(pods, 'a'), '/api/v1/namespaces/a/pods'],
    ['of a named group', collectionPath(deployments, 'a'), '/apis/apps/v1/namespaces/a/deployments'],
    ['of all namespaces', collectionPath(pods), '/api/v1/pods'],
    [
      'of a cluster-scoped kind, whatever namespace is told',
      collectionPath(namespaces, 'a'),
      '/api/v1/namespaces',
    ],
    [
      'of one object',
      objectPath(configMaps, { namespace: 'a', name: 'c' }),
      '/api/v1/namespaces/a/configmaps/c',
    ],
    [
      'of a subresource',
      objectPath(deployments, { namespace: 'a', name: 'd' }, 'scale'),
      '/apis/apps/v1/namespaces/a/deployments/d/scale',
    ],
    [
      'of names that would otherwise leave the path',
      objectPath(pods, { namespace: '../..', name: 'a/b?c' }),
      '/api/v1/namespaces/..%2F../pods/a%2Fb%3Fc',
    ],
  ])('%s', (_row, path, expected) => {
    expect(path).toBe(expected);
  });

  it.each([
    ['without a name', { namespace: 'a', name: '' }],
    ['without a namespace', { name: 'p' }],
    ['with an empty namespace', { namespace: '', name: 'p' }],
    ['of the name ..', { namespace: 'a', name: '..' }],
    ['of the namespace .', { namespace: '.', name: 'p' }],
  ])('of one object %s do not exist', (_row, ref) => {
    expect(() => objectPath(pods, ref)).toThrow(expect.objectContaining({ code: 'KUBE_NAME_MISSING' }));
  });
});

describe('names', () => {
  it('of a kind', () => {
    expect([apiVersionOf(pods), apiVersionOf(deployments)]).toEqual(['v1', 'apps/v1']);
    expect([resourceNameOf(pods), resourceNameOf(deployments)]).toEqual(['pods', 'deployments.apps']);
    expect(makeKind('a.b/v2', 'X', 'xs', 'cluster')).toMatchObject({
      group: 'a.b',
      version: 'v2',
      namespaced: false,
    });
  });

  it.each([
    ['with a namespace', { namespace: 'a', name: 'n' }, 'a/n'],
    ['without one', { name: 'n' }, 'n'],
  ])('of an object %s make a key and come back', (_row, ref, key) => {
    expect(keyOf(ref)).toBe(key);
    expect(parseKey(key)).toEqual(ref);
    expect(refOf({ metadata: ref })).toEqual(ref);
  });

  it('of an object without a name are an error', () => {
    expect(() => refOf({ kind: 'Pod', metadata: {} })).toThrow('Pod without metadata.name');
  });
});
