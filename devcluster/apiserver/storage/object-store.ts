/** Owns the objects: in memory, one growing resource version for all, and the recent changes that watches resume from. */
import { expired } from '../errors/api-error.ts';
import type { KubeObject } from '../objects/kube-object.ts';

/** Names a kind's storage, whatever version it is served in: `deployments.apps`, `pods.`. */
export type StorageKey = string;

export interface StoreChange {
  readonly storage: StorageKey;
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** The object after the change; for DELETED its last state, with the version of the deletion. */
  readonly object: KubeObject;
  /** The object before the change: a watch with a selector sees objects come and go as their labels change. */
  readonly previous: KubeObject | undefined;
}

export interface StoreSubscription {
  stop(): void;
}

export interface StoredList {
  readonly items: readonly KubeObject[];
  readonly version: number;
}

/** Receives every change before anyone else, to make it durable. */
export interface ChangeLog {
  append(change: StoreChange): void;
}

/** How many changes of each storage a watch can be behind before it is told to list again. */
const defaultHistorySize = 2_000;

export interface StoreOptions {
  readonly startVersion?: number;
  readonly historySize?: number;
  /** A listener that throws must not fail the write that it was told about. */
  readonly onListenerError: (error: unknown) => void;
}

type Listener = (change: StoreChange) => void;

interface Shelf {
  readonly objects: Map<string, KubeObject>;
  readonly listeners: Set<Listener>;
  history: StoreChange[];
  /** Changes at or below this version are no longer in the history. */
  forgottenUpTo: number;
}

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

export class ObjectStore {
  readonly #shelves = new Map<StorageKey, Shelf>();
  readonly #everyListeners = new Set<Listener>();
  readonly #historySize: number;
  readonly #onListenerError: (error: unknown) => void;
  readonly #startVersion: number;
  readonly #pending: StoreChange[] = [];
  #log: ChangeLog | undefined;
  #version: number;
  #dispatching = false;

  constructor(options: StoreOptions) {
    this.#onListenerError = options.onListenerError;
    this.#version = options.startVersion ?? 1;
    this.#startVersion = this.#version;
    this.#historySize = options.historySize ?? defaultHistorySize;
  }

  /** The version of the newest change. */
  get version(): number {
    return this.#version;
  }

  set log(log: ChangeLog) {
    this.#log = log;
  }

  /** Takes over an object from an earlier process: no change is recorded and nobody is told. */
  restore(storage: StorageKey, object: KubeObject): void {
    const { namespace, name } = object.metadata;
    this.#shelf(storage).objects.set(keyOf(namespace, name), deepFreeze(object));
  }

  get(storage: StorageKey, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#shelves.get(storage)?.objects.get(keyOf(namespace, name));
  }

  /** Returns the objects of one namespace, or of all, ordered by namespace and name. */
  list(storage: StorageKey, namespace?: string): StoredList {
    const shelf = this.#shelves.get(storage);
    if (shelf === undefined) return { items: [], version: this.#version };
    const prefix = namespace === undefined ? '' : `${namespace}/`;
    const entries = [...shelf.objects].filter(([key]) => key.startsWith(prefix));
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return { items: entries.map(([, object]) => object), version: this.#version };
  }

  storages(): StorageKey[] {
    return [...this.#shelves.keys()];
  }

  /** Stores a new object or a new state of one and returns it, frozen, with its new `resourceVersion`. */
  put(storage: StorageKey, object: KubeObject): KubeObject {
    const shelf = this.#shelf(storage);
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const previous = shelf.objects.get(key);
    const stored = this.#stamp(object);
    shelf.objects.set(key, stored);
    this.#record({
      storage,
      version: this.#version,
      type: previous === undefined ? 'ADDED' : 'MODIFIED',
      object: stored,
      previous,
    });
    return stored;
  }

  /** Removes the object and returns its last state, with the version of the deletion; undefined if it is not there. */
  remove(storage: StorageKey, namespace: string | undefined, name: string): KubeObject | undefined {
    const shelf = this.#shelf(storage);
    const key = keyOf(namespace, name);
    const previous = shelf.objects.get(key);
    if (previous === undefined) return undefined;
    shelf.objects.delete(key);
    const object = this.#stamp(previous);
    this.#record({ storage, version: this.#version, type: 'DELETED', object, previous });
    return object;
  }

  /**
   * Calls `listener` with every change after `version`, the recorded ones before this returns.
   *
   * @throws ApiError 410 where changes after `version` have been forgotten.
   */
  subscribe(storage: StorageKey, version: number, listener: Listener): StoreSubscription {
    const shelf = this.#shelf(storage);
    const oldest = Math.max(shelf.forgottenUpTo, this.#startVersion);
    if (version < oldest) throw expired(`too old resource version: ${version} (${oldest})`);
    // A change can be in the history and still wait in line for its listeners; nobody gets it twice.
    let seen = version;
    const once: Listener = (change) => {
      if (change.version <= seen) return;
      seen = change.version;
      listener(change);
    };
    for (const change of shelf.history) once(change);
    shelf.listeners.add(once);
    return { stop: () => void shelf.listeners.delete(once) };
  }

  /** Calls `listener` with every change of every storage from now on. */
  subscribeAll(listener: Listener): StoreSubscription {
    this.#everyListeners.add(listener);
    return { stop: () => void this.#everyListeners.delete(listener) };
  }

  #shelf(storage: StorageKey): Shelf {
    let shelf = this.#shelves.get(storage);
    if (shelf === undefined) {
      shelf = { objects: new Map(), listeners: new Set(), history: [], forgottenUpTo: 0 };
      this.#shelves.set(storage, shelf);
    }
    return shelf;
  }

  #stamp(object: KubeObject): KubeObject {
    this.#version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
    return deepFreeze({ ...object, metadata });
  }

  #record(change: StoreChange): void {
    const shelf = this.#shelf(change.storage);
    shelf.history.push(change);
    // Forgetting half at a time keeps the cost of a write constant.
    if (shelf.history.length > this.#historySize * 2) {
      const forgotten = shelf.history.splice(0, shelf.history.length - this.#historySize);
      shelf.forgottenUpTo = forgotten.at(-1)?.version ?? shelf.forgottenUpTo;
    }
    this.#log?.append(change);
    this.#pending.push(change);
    this.#dispatch();
  }

  /** A listener may write: its change waits in line, so that everybody sees changes in the order of their versions. */
  #dispatch(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    try {
      for (let change = this.#pending.shift(); change !== undefined; change = this.#pending.shift()) {
        this.#notify(this.#everyListeners, change);
        this.#notify(this.#shelf(change.storage).listeners, change);
      }
    } finally {
      this.#dispatching = false;
    }
  }

  #notify(listeners: ReadonlySet<Listener>, change: StoreChange): void {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}

/** Freezes what is not frozen yet; a frozen part was frozen whole when it was stored before. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const child of Object.values(value)) deepFreeze(child);
  return value;
}
