/** Owns what happens to dependents when their owners end: background, foreground and orphan deletion. */
import { messageOf } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/logging.ts';
import { ApiError } from '../errors/api-error.ts';
import type { LocalClient } from '../client/local-client.ts';
import type { KubeObject, OwnerReference } from '../objects/kube-object.ts';
import { foregroundFinalizer, orphanFinalizer } from '../pipeline/delete.ts';
import type { Registry } from '../resources/registry.ts';
import { groupVersionOf, parseGroupVersion } from '../resources/resource-type.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import type { ObjectStore, StorageKey } from '../storage/object-store.ts';

export interface GarbageCollectorOptions {
  readonly store: ObjectStore;
  readonly registry: Registry;
  readonly client: LocalClient;
  readonly log: Logger;
}

interface Reference {
  readonly storage: StorageKey;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Follows every object until stopped; it acts after the write that it follows, in its own turn. */
export function startGarbageCollector(options: GarbageCollectorOptions): { stop(): Promise<void> } {
  const collector = new GarbageCollector(options);
  return { stop: () => collector.stop() };
}

/** Enough for the owners whose dependents have not been looked at yet. */
const maxRememberedEnds = 10_000;

class GarbageCollector {
  readonly #options: GarbageCollectorOptions;
  /** Dependents by the uid of their owner. */
  readonly #dependents = new Map<string, Map<string, Reference>>();
  readonly #ended = new Set<string>();
  readonly #dirty = new Map<string, Reference>();
  readonly #subscription: { stop(): void };
  #scheduled: NodeJS.Immediate | undefined;

  constructor(options: GarbageCollectorOptions) {
    this.#options = options;
    for (const storage of options.store.storages()) {
      for (const object of options.store.list(storage).items) this.#follow(storage, object, undefined);
    }
    this.#subscription = options.store.subscribeAll(({ storage, type, object, previous }) => {
      this.#follow(storage, type === 'DELETED' ? undefined : object, previous);
      if (type === 'DELETED') this.#noteEnd(object.metadata.uid);
    });
  }

  stop(): Promise<void> {
    this.#subscription.stop();
    clearImmediate(this.#scheduled);
    return Promise.resolve();
  }

  #follow(storage: StorageKey, object: KubeObject | undefined, previous: KubeObject | undefined): void {
    const subject = object ?? previous;
    if (subject === undefined) return;
    const { namespace, name, uid } = subject.metadata;
    const reference: Reference = { storage, namespace, name };
    const before = previous?.metadata.ownerReferences ?? [];
    const after = object?.metadata.ownerReferences ?? [];
    this.#link(uid, reference, { before, after });
    // An owner that waits for its dependents hears of each that goes or is marked.
    for (const owner of before) this.#noteOwner(owner, namespace);
    const isEnding = object?.metadata.deletionTimestamp !== undefined;
    if (after.length > 0 || isEnding) this.#note(reference);
  }

  #link(
    uid: string,
    reference: Reference,
    owners: { readonly before: readonly OwnerReference[]; readonly after: readonly OwnerReference[] },
  ): void {
    for (const owner of owners.before) {
      const known = this.#dependents.get(owner.uid);
      known?.delete(uid);
      if (known?.size === 0) this.#dependents.delete(owner.uid);
    }
    for (const owner of owners.after) {
      const known = this.#dependents.get(owner.uid) ?? new Map<string, Reference>();
      this.#dependents.set(owner.uid, known.set(uid, reference));
    }
  }

  #noteEnd(uid: string): void {
    this.#ended.add(uid);
    const [oldest] = this.#ended;
    if (this.#ended.size > maxRememberedEnds && oldest !== undefined) this.#ended.delete(oldest);
    for (const reference of this.#dependents.get(uid)?.values() ?? []) this.#note(reference);
  }

  #noteOwner(owner: OwnerReference, namespace: string | undefined): void {
    const live = this.#ownerOf(owner, namespace);
    if (live?.object.metadata.deletionTimestamp !== undefined) this.#note(live.reference);
  }

  #note(reference: Reference): void {
    this.#dirty.set(`${reference.storage} ${reference.namespace ?? ''}/${reference.name}`, reference);
    this.#scheduled ??= setImmediate(() => this.#run());
  }

  #run(): void {
    this.#scheduled = undefined;
    const references = [...this.#dirty.values()];
    this.#dirty.clear();
    for (const reference of references) {
      try {
        this.#reconcile(reference);
      } catch (error) {
        // Somebody else's write came first: its event brings the object here again.
        if (error instanceof ApiError && (error.httpStatus === 404 || error.httpStatus === 409)) continue;
        this.#options.log.error({ ...reference, cause: messageOf(error) }, 'object cannot be collected');
      }
    }
  }

  #reconcile(reference: Reference): void {
    const object = this.#options.store.get(reference.storage, reference.namespace, reference.name);
    if (object === undefined) return;
    const { finalizers = [], deletionTimestamp } = object.metadata;
    if (deletionTimestamp !== undefined && finalizers.includes(orphanFinalizer))
      this.#orphan(reference, object);
    else if (deletionTimestamp !== undefined && finalizers.includes(foregroundFinalizer)) {
      this.#deleteForeground(reference, object);
    }
    if ((object.metadata.ownerReferences ?? []).length > 0) this.#checkOwners(reference, object);
  }

  /** An object all of whose owners are gone goes too; otherwise the references to absent owners do. */
  #checkOwners(reference: Reference, object: KubeObject): void {
    const owners = object.metadata.ownerReferences ?? [];
    const { namespace, name, uid, deletionTimestamp } = object.metadata;
    const live = owners.filter((owner) => !this.#isGone(owner, namespace));
    if (live.length === owners.length || deletionTimestamp !== undefined) return;
    if (live.length === 0) {
      const options = { propagationPolicy: 'Background', preconditions: { uid } } as const;
      this.#resourceOf(reference.storage)?.delete(name, namespace, options);
    } else this.#patchMetadata(reference, object, { ownerReferences: live });
  }

  #deleteForeground(reference: Reference, owner: KubeObject): void {
    const dependents = [...(this.#dependents.get(owner.metadata.uid)?.values() ?? [])];
    let isBlocked = false;
    for (const dependent of dependents) {
      const object = this.#options.store.get(dependent.storage, dependent.namespace, dependent.name);
      if (object === undefined) continue;
      const link = object.metadata.ownerReferences?.find((each) => each.uid === owner.metadata.uid);
      if (object.metadata.deletionTimestamp === undefined) {
        const options = { propagationPolicy: 'Foreground' } as const;
        this.#resourceOf(dependent.storage)?.delete(dependent.name, dependent.namespace, options);
      }
      const remains = this.#options.store.get(dependent.storage, dependent.namespace, dependent.name);
      isBlocked ||= remains !== undefined && link?.blockOwnerDeletion === true;
    }
    if (!isBlocked) this.#dropFinalizer(reference, owner, foregroundFinalizer);
  }

  #orphan(reference: Reference, owner: KubeObject): void {
    for (const dependent of [...(this.#dependents.get(owner.metadata.uid)?.values() ?? [])]) {
      const object = this.#options.store.get(dependent.storage, dependent.namespace, dependent.name);
      const others = object?.metadata.ownerReferences?.filter((each) => each.uid !== owner.metadata.uid);
      if (object === undefined || others === undefined) continue;
      this.#patchMetadata(dependent, object, { ownerReferences: others.length === 0 ? null : others });
    }
    this.#dropFinalizer(reference, owner, orphanFinalizer);
  }

  #dropFinalizer(reference: Reference, object: KubeObject, finalizer: string): void {
    const finalizers = (object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
    this.#patchMetadata(reference, object, { finalizers });
  }

  #patchMetadata(reference: Reference, object: KubeObject, change: Record<string, unknown>): void {
    const { resourceVersion } = object.metadata;
    const metadata = { ...change, resourceVersion };
    this.#resourceOf(reference.storage)?.mergePatch(reference.name, reference.namespace, { metadata });
  }

  #resourceOf(storage: StorageKey): ReturnType<LocalClient['resource']> | undefined {
    const type = this.#options.registry.byStorage(storage);
    return type === undefined ? undefined : this.#options.client.resource(groupVersionOf(type), type.kind);
  }

  /** An owner of a kind that is not served (any more, or yet) counts as gone only when its end was seen. */
  #isGone(owner: OwnerReference, namespace: string | undefined): boolean {
    if (this.#ended.has(owner.uid)) return true;
    return this.#typeOf(owner) !== undefined && this.#ownerOf(owner, namespace) === undefined;
  }

  #typeOf(owner: OwnerReference): ResourceType | undefined {
    const { group } = parseGroupVersion(owner.apiVersion);
    return this.#options.registry
      .all()
      .find((candidate) => candidate.group === group && candidate.kind === owner.kind);
  }

  /** Returns the owner itself, not another object that has its name by now. */
  #ownerOf(
    owner: OwnerReference,
    namespace: string | undefined,
  ): { readonly reference: Reference; readonly object: KubeObject } | undefined {
    const type = this.#typeOf(owner);
    if (type === undefined) return undefined;
    const reference = {
      storage: type.storage,
      namespace: type.namespaced ? namespace : undefined,
      name: owner.name,
    };
    const object = this.#options.store.get(reference.storage, reference.namespace, reference.name);
    return object?.metadata.uid === owner.uid ? { reference, object } : undefined;
  }
}
