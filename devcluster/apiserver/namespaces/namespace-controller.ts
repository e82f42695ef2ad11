/** Owns the life of namespaces: what each begins with, and the emptying of those that end. */
import type { Logger } from '../../../platform/logging.ts';
import { messageOf } from '../../../platform/errors.ts';
import type { LocalClient } from '../client/local-client.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { Registry } from '../resources/registry.ts';
import { groupVersionOf } from '../resources/resource-type.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { makeNamespaceContent } from './admission.ts';

export interface NamespaceControllerOptions {
  readonly store: ObjectStore;
  readonly registry: Registry;
  readonly client: LocalClient;
  readonly caPem: string;
  readonly log: Logger;
}

/** Follows namespaces until stopped. */
export function startNamespaceController(options: NamespaceControllerOptions): { stop(): Promise<void> } {
  const { store, log } = options;
  const dirty = new Set<string>();
  let scheduled: NodeJS.Immediate | undefined;
  const run = (): void => {
    scheduled = undefined;
    const names = [...dirty];
    dirty.clear();
    for (const name of names) {
      try {
        reconcileNamespace(options, name);
      } catch (error) {
        log.error({ namespace: name, cause: messageOf(error) }, 'namespace cannot be reconciled');
      }
    }
  };
  const note = (name: string): void => {
    dirty.add(name);
    scheduled ??= setImmediate(run);
  };
  for (const namespace of store.list('namespaces').items) dirty.add(namespace.metadata.name);
  run();
  const subscription = store.subscribeAll((change) => {
    const { name, namespace } = change.object.metadata;
    // Who creates a namespace may create a pod in it next, and pods need the ServiceAccount.
    if (change.storage === 'namespaces' && change.type === 'ADDED') fill(options, name);
    else if (change.storage === 'namespaces') note(name);
    // The last object that leaves an ending namespace ends it.
    else if (change.type === 'DELETED' && namespace !== undefined) note(namespace);
  });
  return {
    stop: () => {
      subscription.stop();
      clearImmediate(scheduled);
      return Promise.resolve();
    },
  };
}

function reconcileNamespace(options: NamespaceControllerOptions, name: string): void {
  const { store } = options;
  const namespace = store.get('namespaces', undefined, name);
  if (namespace === undefined) return;
  if (namespace.metadata.deletionTimestamp === undefined) fill(options, name);
  else if (!empty(options, name)) finish(store, namespace);
}

function fill(options: NamespaceControllerOptions, name: string): void {
  for (const object of makeNamespaceContent(name, options.caPem)) {
    const resource = options.client.resource('v1', object.kind);
    const { metadata } = object as unknown as KubeObject;
    if (resource.get(metadata.name, name) === undefined) resource.create(object as unknown as KubeObject);
  }
}

/** Deletes what is in the namespace; returns whether anything is left. */
function empty(options: NamespaceControllerOptions, name: string): boolean {
  let isLeft = false;
  for (const type of storedTypes(options.registry)) {
    for (const object of options.store.list(type.storage, name).items) {
      const resource = options.client.resource(groupVersionOf(type), type.kind);
      if (object.metadata.deletionTimestamp === undefined) {
        resource.delete(object.metadata.name, name, { propagationPolicy: 'Background' });
      }
      isLeft ||= options.store.get(type.storage, name, object.metadata.name) !== undefined;
    }
  }
  return isLeft;
}

/** Returns one namespaced type per storage. */
function storedTypes(registry: Registry): ResourceType[] {
  const byStorage = new Map<string, ResourceType>();
  for (const type of registry.all()) {
    if (type.namespaced && !byStorage.has(type.storage)) byStorage.set(type.storage, type);
  }
  return [...byStorage.values()];
}

function finish(store: ObjectStore, namespace: KubeObject): void {
  if ((namespace.metadata.finalizers ?? []).length > 0) return;
  store.remove('namespaces', undefined, namespace.metadata.name);
}
