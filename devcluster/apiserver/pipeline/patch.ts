/** Owns patches: each format turns the live object into a new state, which is then stored like any update. */
import { applyConfiguration } from '../apply/apply.ts';
import { ApiError, badRequest, conflict, modifiedMessage } from '../errors/api-error.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import { isObject } from '../objects/kube-object.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../patch/strategic-merge.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import type { Course } from './course.ts';
import { createObject } from './create.ts';
import { decodeObject } from './decode.ts';
import type { Core, RequestContext } from './request-context.ts';
import { writeContext } from './request-context.ts';
import { getLive, updateObject } from './update.ts';
import type { ReviewForm, UpdateTarget } from './update.ts';

export type PatchFormat = 'json' | 'merge' | 'strategic';

export const patchContentTypes: Readonly<Record<string, PatchFormat | 'apply'>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/**
 * Returns the object with the patch applied.
 *
 * @throws ApiError 400, 404, 409, 415 (strategic merge on a custom kind), 422.
 */
export function* patchObject(
  core: Core,
  type: ResourceType,
  target: UpdateTarget,
  patch: { readonly format: PatchFormat; readonly body: unknown },
  request: RequestContext,
): Course<KubeObject> {
  const live = getLive(core, type, target);
  const body = patchedBody(live, type, patch);
  if (!isObject(body)) throw badRequest('the patch must leave an object');
  return yield* updateObject(core, type, target, { body }, request);
}

/** Returns `live` with the patch applied, unchecked. */
export function patchedBody(
  live: KubeObject,
  type: Pick<ResourceType, 'custom' | 'schema'>,
  patch: { readonly format: PatchFormat; readonly body: unknown },
): unknown {
  if (patch.format === 'json') return applyJsonPatch(live, patch.body);
  if (!isObject(patch.body)) throw badRequest('a merge patch must be a JSON object');
  if (patch.format === 'merge') return applyMergePatch(live, patch.body);
  if (type.custom) {
    throw new ApiError(
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    );
  }
  return applyStrategicMergePatch(live as unknown as JsonObject, patch.body, type.schema);
}

/**
 * Server-side apply: creates the object or makes it what the configuration says, for the fields that it names.
 *
 * @throws ApiError 409 with the conflicting managers, unless `force`; and as creates and updates do.
 */
export function* applyObject(
  core: Core,
  type: ResourceType,
  target: UpdateTarget,
  apply: { readonly body: unknown; readonly force: boolean; readonly form?: ReviewForm },
  request: RequestContext,
): Course<{ readonly object: KubeObject; readonly created: boolean }> {
  const config = decodeObject(apply.body, type, target, request);
  if (config.metadata.managedFields !== undefined && config.metadata.managedFields.length > 0) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const stored = core.store.get(type.storage, target.namespace, target.name);
  const live = stored === undefined ? undefined : type.fromStored(stored);
  const { subresource } = target;
  if (live === undefined && subresource !== undefined) getLive(core, type, target);
  const { resourceVersion: expected = '' } = config.metadata as Partial<KubeObject['metadata']>;
  if (expected !== '' && expected !== live?.metadata.resourceVersion) {
    throw conflict(type, target.name, modifiedMessage);
  }
  const write = writeContext(core, type, request, { operation: 'Apply', subresource });
  const { object: body, claims } = applyConfiguration(live, config, { ...write, force: apply.force });
  if (live === undefined) {
    const input = { namespace: target.namespace, body };
    return { object: yield* createObject(core, type, input, request, { claims }), created: true };
  }
  const change = { body, claims, ...(apply.form === undefined ? {} : { form: apply.form }) };
  return { object: yield* updateObject(core, type, target, change, request), created: false };
}
