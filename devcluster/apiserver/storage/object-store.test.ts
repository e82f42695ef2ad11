import { describe, expect, it } from 'vitest';
import { ObjectStore } from './object-store.ts';
import type { StoreChange } from './object-store.ts';
import { anObject, makeStore } from '../testing/store.ts';

describe('the object store', () => {
  it('gives every change a version greater than all before', () => {
    const store = makeStore();
    const versions = [
      store.put('a', anObject('x')),
      store.put('b', anObject('x')),
      store.put('a', anObject('x', '2')),
    ].map(({ metadata }) => Number(metadata.resourceVersion));
    expect(versions).toEqual([2, 3, 4]);
    expect(store.remove('a', 'n', 'x')?.metadata.resourceVersion).toBe('5');
  });

  it('hands out objects that nobody can change', () => {
    const stored = makeStore().put('a', anObject('x'));
    expect(() => Object.assign(stored.metadata.labels ?? {}, { value: 'y' })).toThrow(TypeError);
  });

  it('lists by namespace and name', () => {
    const store = makeStore();
    for (const name of ['c', 'a', 'b']) store.put('a', anObject(name));
    expect(store.list('a', 'n').items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(store.list('a', 'other').items).toEqual([]);
    expect(store.list('none').items).toEqual([]);
  });

  it('replays what came after a version, and refuses where that is forgotten', () => {
    const store = makeStore();
    for (let index = 0; index < 10; index += 1) store.put('a', anObject('x', String(index)));
    const seen: StoreChange[] = [];
    store.subscribe('a', store.version - 2, (change) => seen.push(change));
    expect(seen.map(({ version }) => version)).toEqual([10, 11]);
    expect(() => store.subscribe('a', 3, () => undefined)).toThrow(
      expect.objectContaining({ httpStatus: 410 }),
    );
  });

  it('tells of a failing listener and goes on with the others', () => {
    const errors: unknown[] = [];
    const store = new ObjectStore({ onListenerError: (error) => errors.push(error) });
    const seen: string[] = [];
    store.subscribe('a', store.version, () => {
      throw new Error('broken');
    });
    store.subscribe('a', store.version, ({ type }) => seen.push(type));
    store.put('a', anObject('x'));
    expect(errors).toHaveLength(1);
    expect(seen).toEqual(['ADDED']);
  });
});
