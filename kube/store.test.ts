/** Owns the proof that the store tells each change once, finds what it holds, and never lets a reader change it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pod } from './kinds.ts';
import { keyOf, refOf } from './resource.ts';
import { Store } from './store.ts';
import type { Change } from './store.ts';
import { aPod } from './testing/watch-answers.ts';

const told = (changes: readonly Change<Pod>[]): string[] =>
  changes.map(({ type, object }) => `${type} ${object.metadata?.name}@${object.metadata?.resourceVersion}`);
const onNode = (name: string, version: string, nodeName?: string): Pod => ({
  ...aPod(name, version),
  spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }) },
});

describe('changes', () => {
  it.each<[name: string, act: (store: Store<Pod>) => Change<Pod>[], expected: string[]]>([
    ['a new object is added', (store) => store.upsert(aPod('b', '2')), ['added b@2']],
    ['a newer version is an update', (store) => store.upsert(aPod('a', '2')), ['updated a@2']],
    ['the same version is nothing', (store) => store.upsert(aPod('a', '1')), []],
    [
      'the same name with another uid is a deletion and a new object',
      (store) => store.upsert(aPod('a', '2', 'another')),
      ['deleted a@1', 'added a@2'],
    ],
    ['a removal tells the last state', (store) => store.remove(aPod('a', '5')), ['deleted a@5']],
    [
      'a removal under another uid tells the object that was there',
      (store) => store.remove(aPod('a', '5', 'another')),
      ['deleted a@1'],
    ],
    ['a removal of what is not there is nothing', (store) => store.remove(aPod('x', '5')), []],
    [
      'a list without an object deletes it',
      (store) => store.replace([aPod('b', '2')]),
      ['deleted a@1', 'added b@2'],
    ],
    ['a list with the same object is nothing', (store) => store.replace([aPod('a', '1')]), []],
    [
      'a list with the name under another uid is a deletion and a new object',
      (store) => store.replace([aPod('a', '9', 'another')]),
      ['deleted a@1', 'added a@9'],
    ],
    ['an empty list deletes all', (store) => store.replace([]), ['deleted a@1']],
  ])('%s', (_row, act, expected) => {
    const store = new Store<Pod>();
    store.upsert(aPod('a', '1'));
    expect(told(act(store))).toEqual(expected);
  });

  it('an update carries the object before', () => {
    const store = new Store<Pod>();
    const before = aPod('a', '1');
    store.upsert(before);
    expect(store.upsert(aPod('a', '2'))).toMatchObject([{ type: 'updated', previous: before }]);
  });
});

describe('reading', () => {
  const store = new Store<Pod>({
    indexes: { node: (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []) },
  });
  const names = (pods: readonly Pod[]): unknown[] => pods.map((pod) => pod.metadata?.name);
  store.replace([onNode('a', '1', 'n1'), onNode('b', '1', 'n1'), onNode('c', '1')]);

  it('finds by key, by namespace and by index', () => {
    expect(store.get('team-a/a')?.metadata?.name).toBe('a');
    expect(store.get('team-b/a')).toBeUndefined();
    expect(names(store.list())).toEqual(['a', 'b', 'c']);
    expect(names(store.list('team-a'))).toEqual(['a', 'b', 'c']);
    expect(store.list('team-b')).toEqual([]);
    expect(names(store.byIndex('node', 'n1'))).toEqual(['a', 'b']);
    expect(store.byIndex('node', 'n2')).toEqual([]);
  });

  it('follows an object from one index value to another and out', () => {
    store.upsert(onNode('b', '2', 'n2'));
    expect(names(store.byIndex('node', 'n1'))).toEqual(['a']);
    expect(names(store.byIndex('node', 'n2'))).toEqual(['b']);
    store.remove(onNode('b', '3', 'n2'));
    expect(store.byIndex('node', 'n2')).toEqual([]);
    expect(store.size).toBe(2);
  });

  it('refuses an index that was never declared', () => {
    expect(() => store.byIndex('zone', 'z')).toThrow('no index "zone"');
  });
});

describe('what is kept', () => {
  it('is frozen to the bottom', () => {
    const store = new Store<Pod>();
    const pod = aPod('a', '1');
    pod.metadata = { ...pod.metadata, labels: { app: 'x' } };
    store.upsert(pod);
    expect(() => (store.get('team-a/a')!.metadata!.labels!['app'] = 'y')).toThrow(TypeError);
  });
});

describe('any history', () => {
  const pod = fc
    .record({ name: fc.constantFrom('a', 'b', 'c'), version: fc.nat(5), uid: fc.constantFrom('u', 'v') })
    .map(({ name, version, uid }) => aPod(name, String(version), `${uid}-${name}`));
  const step = fc.oneof(
    fc.record({ verb: fc.constant('upsert' as const), pod }),
    fc.record({ verb: fc.constant('remove' as const), pod }),
    fc.record({
      verb: fc.constant('replace' as const),
      pods: fc.uniqueArray(pod, { selector: (one) => one.metadata?.name }),
    }),
  );

  it('gives a follower of the changes exactly what the store holds, with no uid alive twice', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const uidOf = (object: Pod): string => object.metadata?.uid ?? '';
        const store = new Store<Pod>({ indexes: { uid: (object) => [uidOf(object)] } });
        const follower = new Map<string, Pod>();
        for (const one of steps) {
          const changes =
            one.verb === 'replace'
              ? store.replace(structuredClone(one.pods))
              : store[one.verb](structuredClone(one.pod));
          for (const change of changes) {
            const uid = uidOf(change.object);
            if (change.type === 'added') expect(follower.has(uid)).toBe(false);
            if (change.type === 'updated') expect(follower.get(uid)).toBe(change.previous);
            if (change.type === 'deleted') expect(follower.delete(uid)).toBe(true);
            else follower.set(uid, change.object);
          }
          if (one.verb === 'replace') {
            expect(
              store
                .list()
                .map((object) => keyOf(refOf(object)))
                .sort(),
            ).toEqual(one.pods.map((object) => keyOf(refOf(object))).sort());
          }
          expect(new Set(follower.values())).toEqual(new Set(store.list()));
          for (const object of store.list()) expect(store.byIndex('uid', uidOf(object))).toEqual([object]);
        }
      }),
    );
  });
});
