/** Owns the local copy of a collection: objects by key, indexes, and what changed when the server says so. */
import { keyOf, refOf } from './resource.ts';
import type { KubeObject } from './resource.ts';

export type Change<Type> =
  | { readonly type: 'added'; readonly object: Type }
  | { readonly type: 'updated'; readonly object: Type; readonly previous: Type }
  | { readonly type: 'deleted'; readonly object: Type };

/** Returns the values under which an object is found; none keeps it out of the index. */
export type IndexFunction<Type> = (object: Type) => readonly string[];

/** What readers see of a store. Objects are frozen, all the way down: copy before changing. */
export interface ReadStore<Type extends KubeObject> {
  readonly size: number;
  /** `key` is `namespace/name`, or the name alone for kinds without namespaces. */
  get(key: string): Type | undefined;
  list(namespace?: string): Type[];
  /**
   * Returns the objects that the index function `index` put under `value`.
   *
   * @throws Error when the store has no such index: a mistake in the program.
   */
  byIndex(index: string, value: string): Type[];
}

export interface StoreOptions<Type extends KubeObject> {
  readonly indexes?: Readonly<Record<string, IndexFunction<Type>>>;
}

/** Its writer is the reflector alone, with objects that are prepared to be kept; each mutation returns what changed, in order. */
export class Store<Type extends KubeObject> implements ReadStore<Type> {
  readonly #objects = new Map<string, Type>();
  readonly #indexes = new Map<string, Index<Type>>();
  readonly #namespaces = new Index<Type>((object) => [object.metadata?.namespace ?? '']);

  constructor(options: StoreOptions<Type> = {}) {
    for (const [name, valuesOf] of Object.entries(options.indexes ?? {})) {
      this.#indexes.set(name, new Index(valuesOf));
    }
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): Type | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): Type[] {
    return namespace === undefined ? [...this.#objects.values()] : this.#found(this.#namespaces, namespace);
  }

  byIndex(index: string, value: string): Type[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new Error(`the store has no index "${index}"`);
    return this.#found(found, value);
  }

  /** Takes `objects` as the whole collection: what is missing from it was deleted while nobody was watching. */
  replace(objects: readonly Type[]): Change<Type>[] {
    const present = new Set(objects.map((object) => keyOf(refOf(object))));
    const gone = [...this.#objects].filter(([key]) => !present.has(key));
    return [
      ...gone.map(([key, object]) => this.#delete(key, object)),
      ...objects.flatMap((object) => this.upsert(object)),
    ];
  }

  /** Keeps `object`. One with the name of another but its own uid is that other's deletion and a new object. */
  upsert(object: Type): Change<Type>[] {
    const key = keyOf(refOf(object));
    const previous = this.#objects.get(key);
    if (previous === undefined) return [this.#add(key, object)];
    if (previous.metadata?.uid !== object.metadata?.uid)
      return [this.#delete(key, previous), this.#add(key, object)];
    const version = object.metadata?.resourceVersion;
    if (version !== undefined && version === previous.metadata?.resourceVersion) return [];
    this.#unindex(key, previous);
    const kept = this.#keep(key, object);
    return [{ type: 'updated', object: kept, previous }];
  }

  /** Forgets `object`; the change tells its last state, which the server sends along. */
  remove(object: Type): Change<Type>[] {
    const key = keyOf(refOf(object));
    const previous = this.#objects.get(key);
    if (previous === undefined) return [];
    const isSame = previous.metadata?.uid === object.metadata?.uid;
    return [this.#delete(key, previous, isSame ? deepFreeze(object) : previous)];
  }

  #found(index: Index<Type>, value: string): Type[] {
    const keys = index.keys(value);
    return keys === undefined ? [] : [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  #add(key: string, object: Type): Change<Type> {
    return { type: 'added', object: this.#keep(key, object) };
  }

  #keep(key: string, object: Type): Type {
    const kept = deepFreeze(object);
    this.#objects.set(key, kept);
    this.#namespaces.add(key, kept);
    for (const index of this.#indexes.values()) index.add(key, kept);
    return kept;
  }

  #delete(key: string, kept: Type, lastState: Type = kept): Change<Type> {
    this.#unindex(key, kept);
    this.#objects.delete(key);
    return { type: 'deleted', object: lastState };
  }

  #unindex(key: string, kept: Type): void {
    this.#namespaces.remove(key, kept);
    for (const index of this.#indexes.values()) index.remove(key, kept);
  }
}

class Index<Type> {
  readonly #valuesOf: IndexFunction<Type>;
  readonly #keys = new Map<string, Set<string>>();

  constructor(valuesOf: IndexFunction<Type>) {
    this.#valuesOf = valuesOf;
  }

  keys(value: string): ReadonlySet<string> | undefined {
    return this.#keys.get(value);
  }

  add(key: string, object: Type): void {
    for (const value of this.#valuesOf(object)) {
      const keys = this.#keys.get(value);
      if (keys === undefined) this.#keys.set(value, new Set([key]));
      else keys.add(key);
    }
  }

  remove(key: string, object: Type): void {
    for (const value of this.#valuesOf(object)) {
      const keys = this.#keys.get(value);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(value);
    }
  }
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
