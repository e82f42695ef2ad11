/** Owns which kinds are served at the moment: the built-in ones, and custom ones as their CRDs come and go. */
import type { ResourceType } from './resource-type.ts';

export class Registry {
  readonly #byResource = new Map<string, ResourceType>();
  readonly #byKind = new Map<string, ResourceType>();
  readonly #listeners = new Set<() => void>();

  /** Adds a kind, or replaces what was served under its names. */
  add(type: ResourceType): void {
    this.#byResource.set(`${type.group}/${type.version}/${type.plural}`, type);
    this.#byKind.set(`${type.group}/${type.version}/${type.kind}`, type);
    for (const listener of this.#listeners) listener();
  }

  remove(type: ResourceType): void {
    this.#byResource.delete(`${type.group}/${type.version}/${type.plural}`);
    this.#byKind.delete(`${type.group}/${type.version}/${type.kind}`);
    for (const listener of this.#listeners) listener();
  }

  byResource(group: string, version: string, plural: string): ResourceType | undefined {
    return this.#byResource.get(`${group}/${version}/${plural}`);
  }

  byKind(group: string, version: string, kind: string): ResourceType | undefined {
    return this.#byKind.get(`${group}/${version}/${kind}`);
  }

  /** Returns one type per storage: the one whose version is served first. */
  byStorage(storage: string): ResourceType | undefined {
    return this.all().find((type) => type.storage === storage);
  }

  all(): ResourceType[] {
    return [...this.#byResource.values()];
  }

  /** Calls back after each change; what is derived from the whole registry is made again then. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }
}
