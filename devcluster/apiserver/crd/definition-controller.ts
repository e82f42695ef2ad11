/** Owns the serving of custom kinds: definitions become kinds in the registry, and their objects end with them. */
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { LocalClient } from '../client/local-client.ts';
import { objectAt, objectsAt } from '../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import type { Registry } from '../resources/registry.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { groupVersionOf } from '../resources/resource-type.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { timestamp } from '../pipeline/request-context.ts';
import { makeCustomTypes } from './custom-type.ts';

const definitionStorage = 'customresourcedefinitions.apiextensions.k8s.io';
const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

export interface DefinitionControllerOptions {
  readonly store: ObjectStore;
  readonly registry: Registry;
  readonly client: LocalClient;
  readonly now: () => number;
  readonly log: Logger;
}

/** What is served of each definition, and of which generation. */
type Served = Map<string, { readonly state: string; readonly types: readonly ResourceType[] }>;

/** Follows definitions until stopped. Kinds are served when this returns, and right after each definition's write. */
export function startDefinitionController(options: DefinitionControllerOptions): { stop(): Promise<void> } {
  const { store, log } = options;
  const served: Served = new Map();
  const reconcile = (definition: KubeObject): void => {
    try {
      serve(options, served, definition);
      if (definition.metadata.deletionTimestamp === undefined) establish(options, definition);
      else cleanUp(options, served.get(definition.metadata.name)?.types ?? [], definition);
    } catch (error) {
      log.error(
        { definition: definition.metadata.name, cause: messageOf(error) },
        'definition cannot be served',
      );
    }
  };
  for (const definition of store.list(definitionStorage).items) reconcile(definition);
  const definitions = store.subscribe(definitionStorage, store.version, (change) => {
    if (change.type === 'DELETED') withdraw(options.registry, served, change.object.metadata.name);
    else reconcile(change.object);
  });
  const objects = store.subscribeAll((change) => {
    if (change.type !== 'DELETED') return;
    const definition = store.get(definitionStorage, undefined, change.storage);
    if (definition?.metadata.deletionTimestamp !== undefined) reconcile(definition);
  });
  return {
    stop: () => {
      definitions.stop();
      objects.stop();
      return Promise.resolve();
    },
  };
}

function serve(options: DefinitionControllerOptions, served: Served, definition: KubeObject): void {
  const { name, uid, generation } = definition.metadata;
  const state = `${uid}/${generation ?? 0}`;
  const before = served.get(name);
  // Its status changes without its kinds changing.
  if (before?.state === state) return;
  const types = makeCustomTypes(definition);
  const gone = (before?.types ?? []).filter((old) => !types.some((type) => type.version === old.version));
  for (const type of gone) options.registry.remove(type);
  for (const type of types) options.registry.add(type);
  served.set(name, { state, types });
}

function withdraw(registry: Registry, served: Served, name: string): void {
  for (const type of served.get(name)?.types ?? []) registry.remove(type);
  served.delete(name);
}

function establish(options: DefinitionControllerOptions, definition: KubeObject): void {
  const spec = objectAt(definition, 'spec');
  const status = objectAt(definition, 'status');
  const old = objectsAt(status, 'conditions');
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: 'True',
    lastTransitionTime:
      old.find((known) => known['type'] === type)?.['lastTransitionTime'] ?? timestamp(options.now()),
    reason,
    message,
  });
  const stored = objectsAt(spec, 'versions').find((version) => version['storage'] === true)?.['name'];
  const versions = Array.isArray(status['storedVersions']) ? (status['storedVersions'] as unknown[]) : [];
  const next = {
    acceptedNames: spec['names'],
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    storedVersions: versions.includes(stored) ? versions : [...versions, stored],
  };
  const definitions = options.client.resource('apiextensions.k8s.io/v1', 'CustomResourceDefinition');
  const { finalizers = [] } = definition.metadata;
  if (!finalizers.includes(cleanupFinalizer)) {
    const metadata = { finalizers: [...finalizers, cleanupFinalizer] };
    definitions.mergePatch(definition.metadata.name, undefined, { metadata });
  }
  if (isDeepStrictEqual(status, next)) return;
  definitions.mergePatch(definition.metadata.name, undefined, { status: next }, 'status');
}

/** Deletes the objects of an ending definition; when none is left, the definition may go. */
function cleanUp(
  options: DefinitionControllerOptions,
  types: readonly ResourceType[],
  definition: KubeObject,
): void {
  const [type] = types;
  if (type === undefined) return;
  const resource = options.client.resource(groupVersionOf(type), type.kind);
  for (const object of options.store.list(type.storage).items) {
    const { name, namespace, deletionTimestamp } = object.metadata;
    if (deletionTimestamp === undefined) resource.delete(name, namespace);
  }
  if (options.store.list(type.storage).items.length > 0) return;
  const finalizers = (definition.metadata.finalizers ?? []).filter((each) => each !== cleanupFinalizer);
  if (finalizers.length === (definition.metadata.finalizers ?? []).length) return;
  const definitions = options.client.resource('apiextensions.k8s.io/v1', 'CustomResourceDefinition');
  definitions.mergePatch(definition.metadata.name, undefined, { metadata: { finalizers } });
}
