import { describe, expect, it } from 'vitest';
import { checkChild, withAppliedHash } from './check-child.ts';

const owner = (uid: string) => [{ apiVersion: 'v1', kind: 'E', name: 'e', uid, controller: true }];
/** Of an endpoint; two of them never have one name at a time. */
const endpoint = (name: string, uid: string) => [
  { apiVersion: 'serving.fairlead.dev/v1alpha1', kind: 'ServingEndpoint', name, uid, controller: true },
];
const wanted = {
  metadata: { name: 'child', ownerReferences: owner('u1') },
  spec: { memory: '1024Mi', empty: '', list: [{ name: 'a' }, { name: 'b' }] },
};
const applied = withAppliedHash(wanted);
const observed = (change: object = {}) => ({ ...structuredClone(applied), ...change });

describe('checkChild', () => {
  it.each<[string, object | undefined, string]>([
    ['is missing where nothing is known', undefined, 'missing'],
    ['is current as it was applied', observed(), 'current'],
    [
      'is current with defaults and fields of others',
      observed({ status: {}, spec: { memory: '1Gi', more: 1, list: [{ name: 'a', x: 1 }, { name: 'b' }] } }),
      'current',
    ],
    [
      'is current with entries that others have put between',
      observed({ spec: { memory: '1Gi', list: [{ name: 'a' }, { name: 'injected' }, { name: 'b' }] } }),
      'current',
    ],
    ['is outdated with another value', observed({ spec: { ...wanted.spec, memory: '2Gi' } }), 'outdated'],
    ['is outdated without a field', observed({ spec: { memory: '1Gi' } }), 'outdated'],
    [
      'is outdated in another order',
      observed({ spec: { ...wanted.spec, list: [{ name: 'b' }, { name: 'a' }] } }),
      'outdated',
    ],
    [
      'is not ours with another owner',
      observed({ metadata: { ...applied.metadata, ownerReferences: owner('u2') } }),
      'notOwned',
    ],
    ['is not ours without an owner', observed({ metadata: { name: 'child' } }), 'notOwned'],
  ])('%s', (_name, seen, verdict) => {
    expect(checkChild(wanted, seen)).toBe(verdict);
  });

  it('is outdated when a field that was applied is no longer wanted', () => {
    const { empty: _gone, ...spec } = wanted.spec;
    expect(checkChild({ ...wanted, spec } as typeof wanted, observed())).toBe('outdated');
  });

  it('tells objects without a controller by their label', () => {
    const labelled = {
      metadata: { name: 's', labels: { 'app.kubernetes.io/managed-by': 'fairlead-operator' } },
    };
    expect(checkChild(labelled, withAppliedHash(labelled))).toBe('current');
    expect(checkChild(labelled, { metadata: { name: 's' } })).toBe('notOwned');
  });

  it.each([
    ['is left over from an earlier endpoint of the same name', endpoint('iris', 'u0'), 'leftOver'],
    ['is not ours with another endpoint', endpoint('rose', 'u0'), 'notOwned'],
    ['is not ours with another kind of owner', [{ ...endpoint('iris', 'u0')[0]!, kind: 'E' }], 'notOwned'],
  ])('%s', (_name, ownerReferences, verdict) => {
    const child = { metadata: { name: 'child', ownerReferences: endpoint('iris', 'u1') } };
    const seen = { metadata: { name: 'child', ownerReferences } };
    expect(checkChild(child, seen)).toBe(verdict);
  });
});
