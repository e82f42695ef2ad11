/** Owns LocalClient: calls in this process on the same pipeline that serves HTTP. */
import { ApiError, badRequest, noSuchResource } from '../errors/api-error.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { runUnasked } from '../pipeline/course.ts';
import { createObject } from '../pipeline/create.ts';
import { deleteObject } from '../pipeline/delete.ts';
import { applyObject, patchObject } from '../pipeline/patch.ts';
import { makeMatcher } from '../pipeline/read.ts';
import type { Core, RequestContext } from '../pipeline/request-context.ts';
import { updateObject } from '../pipeline/update.ts';
import type { UpdateTarget } from '../pipeline/update.ts';
import { watchAll } from '../pipeline/watch.ts';
import { parseGroupVersion } from '../resources/resource-type.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { patchScale } from '../subresources/scale.ts';
import type { LocalClient, ResourceClient, Subresource } from './local-client.ts';

/** Returns a client whose writes are the field manager `name`'s; `getPath` serves what may leave the process. */
export function makeLocalClient(core: Core, name: string, getPath: LocalClient['getPath']): LocalClient {
  return {
    resource: <T extends KubeObject>(apiVersion: string, kind: string): ResourceClient<T> => {
      const { group, version } = parseGroupVersion(apiVersion);
      const typeNow = (): ResourceType => {
        // Looked up on every call: a custom kind's type is replaced when its definition changes.
        const type = core.registry.byKind(group, version, kind);
        if (type === undefined) throw noSuchResource();
        return type;
      };
      typeNow();
      return makeResourceClient(core, typeNow, name) as unknown as ResourceClient<T>;
    },
    getPath,
  };
}

function makeResourceClient(core: Core, typeNow: () => ResourceType, name: string): ResourceClient {
  const request = (): RequestContext => ({
    user: { username: `system:devcluster:${name}`, groups: ['system:masters'] },
    fieldManager: name,
    dryRun: false,
    fieldValidation: 'Strict',
    warnings: [],
  });
  return {
    get: (objectName, namespace) => {
      const type = typeNow();
      const stored = core.store.get(type.storage, namespace, objectName);
      return stored === undefined ? undefined : type.fromStored(stored);
    },
    list: (options = {}) => {
      const type = typeNow();
      const { items } = core.store.list(type.storage, options.namespace);
      return items.map(type.fromStored).filter(makeMatcher(type, options));
    },
    create: (object) => {
      const input = { namespace: object.metadata?.namespace, body: object };
      return runUnasked(createObject(core, typeNow(), input, request()));
    },
    update: (object) =>
      runUnasked(updateObject(core, typeNow(), targetOf(object), { body: object }, request())),
    updateStatus: (object) => {
      const target = targetOf(object, 'status');
      return runUnasked(updateObject(core, typeNow(), target, { body: object }, request()));
    },
    mergePatch: (objectName, namespace, body, subresource) => {
      const target = { name: objectName, namespace, subresource };
      const patch = { format: 'merge', body } as const;
      const write = subresource === 'scale' ? patchScale : patchObject;
      return runUnasked(write(core, typeNow(), target, patch, request()));
    },
    apply: (object, { force = false, subresource } = {}) => {
      if (subresource === 'scale') throw badRequest('apply the object itself, or patch its scale');
      const target = targetOf(object, subresource);
      return runUnasked(applyObject(core, typeNow(), target, { body: object, force }, request())).object;
    },
    delete: (objectName, namespace, options = {}) => {
      runUnasked(deleteObject(core, typeNow(), { namespace, name: objectName }, options, request()));
    },
    watch: (options, listener) => {
      const type = typeNow();
      return watchAll(core.store, type, makeMatcher(type, options), listener);
    },
  };
}

function targetOf(
  object: { readonly metadata?: { readonly name?: string; readonly namespace?: string } },
  subresource?: Subresource,
): UpdateTarget {
  const { name, namespace } = object.metadata ?? {};
  if (name === undefined || name === '') {
    throw new ApiError(400, 'BadRequest', 'name may not be empty');
  }
  return { namespace, name, subresource };
}
