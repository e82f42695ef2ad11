/** Owns the scale subresource: an object's replicas, in the one shape that autoscalers and kubectl write. */
import { badRequest, invalid, notFound } from '../errors/api-error.ts';
import { isObject, objectAt } from '../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import type { Course } from '../pipeline/course.ts';
import { applyObject, patchedBody } from '../pipeline/patch.ts';
import type { PatchFormat } from '../pipeline/patch.ts';
import type { Core, RequestContext } from '../pipeline/request-context.ts';
import { getLive, updateObject } from '../pipeline/update.ts';
import type { ReviewForm, UpdateTarget } from '../pipeline/update.ts';
import { valueAt } from '../pipeline/validate.ts';
import type { Draft, ResourceType, ScalePaths } from '../resources/resource-type.ts';
import { groupVersionOf } from '../resources/resource-type.ts';
import { referenceTo, resolveSchema } from '../schema/schema.ts';
import { selectorText } from '../selectors/label-selector.ts';
import { checkSchema, invalidValue } from '../crd/validate.ts';

const scaleSchema = resolveSchema(referenceTo('io.k8s.api.autoscaling.v1.Scale'));

/** Returns the scale of an object. @throws ApiError 404 where the kind has none. */
function makeScale(type: ResourceType, object: KubeObject): KubeObject {
  const paths = scalePaths(type, object.metadata.name);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector =
    paths.labelSelector === undefined
      ? selectorText(objectAt(objectAt(object, 'spec'), 'selector'))
      : valueAt(object, paths.labelSelector);
  const scale = {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: { replicas: valueAt(object, paths.specReplicas) ?? 0 },
    status: {
      replicas: valueAt(object, paths.statusReplicas) ?? 0,
      ...(typeof selector === 'string' && selector !== '' ? { selector } : {}),
    },
  };
  return scale;
}

export function getScale(core: Core, type: ResourceType, target: UpdateTarget): KubeObject {
  return makeScale(type, getLive(core, type, target));
}

/** Writes the replicas of a Scale object. @throws ApiError 400, 404, 409, 422. */
export function* updateScale(
  core: Core,
  type: ResourceType,
  target: UpdateTarget,
  body: unknown,
  request: RequestContext,
): Course<KubeObject> {
  const live = getLive(core, type, target);
  const { specReplicas } = scalePaths(type, target.name);
  const { replicas, metadata } = parseScale(body, target.name);
  const expected = metadata['resourceVersion'];
  const changed = withValue(live as unknown as JsonObject, specReplicas.split('.'), replicas);
  changed['metadata'] = {
    ...live.metadata,
    // Only a version that the caller gave is a precondition.
    resourceVersion: typeof expected === 'string' ? expected : '',
    uid: typeof metadata['uid'] === 'string' ? metadata['uid'] : live.metadata.uid,
  };
  const change = { body: changed, form: scaleForm(type, target.name) };
  const stored = yield* updateObject(core, type, { ...target, subresource: 'scale' }, change, request);
  return makeScale(type, stored);
}

/** Webhooks see a Scale, and may set its replicas. */
function scaleForm(type: ResourceType, name: string): ReviewForm {
  const path = scalePaths(type, name).specReplicas.split('.');
  return {
    show: (object) => makeScale(type, object),
    take: (answer, draft) => withValue(draft, path, parseScale(answer, name).replicas) as Draft,
  };
}

/** Patches the Scale object. @throws ApiError as updateScale, and where the patch does not fit. */
export function* patchScale(
  core: Core,
  type: ResourceType,
  target: UpdateTarget,
  patch: { readonly format: PatchFormat; readonly body: unknown },
  request: RequestContext,
): Course<KubeObject> {
  const scale = getScale(core, type, target);
  const patched = patchedBody(scale, { custom: false, schema: scaleSchema }, patch);
  // The version of the object that was read is no precondition of the patch; one that the patch itself sets is.
  const before = scale.metadata.resourceVersion;
  if (
    isObject(patched) &&
    objectAt(patched, 'metadata')['resourceVersion'] === before &&
    !setsVersion(patch.body)
  ) {
    const { resourceVersion: _read, ...metadata } = objectAt(patched, 'metadata');
    return yield* updateScale(core, type, target, { ...patched, metadata }, request);
  }
  return yield* updateScale(core, type, target, patched, request);
}

const setsVersion = (patch: unknown): boolean =>
  isObject(patch) && objectAt(patch, 'metadata')['resourceVersion'] !== undefined;

/** Applies a Scale: the manager claims the replicas field of the object. @throws ApiError as applyObject. */
export function* applyScale(
  core: Core,
  type: ResourceType,
  target: UpdateTarget,
  apply: { readonly body: unknown; readonly force: boolean },
  request: RequestContext,
): Course<KubeObject> {
  const { specReplicas } = scalePaths(type, target.name);
  const { replicas } = parseScale(apply.body, target.name);
  getLive(core, type, target);
  const config = withValue(
    { apiVersion: groupVersionOf(type), kind: type.kind, metadata: { name: target.name } },
    specReplicas.split('.'),
    replicas,
  );
  const onScale = { ...target, subresource: 'scale' };
  const form = scaleForm(type, target.name);
  const wanted = { body: config, force: apply.force, form };
  const { object } = yield* applyObject(core, type, onScale, wanted, request);
  return makeScale(type, object);
}

function scalePaths(type: ResourceType, name: string): ScalePaths {
  if (type.scale === undefined) throw notFound(type, `${name}/scale`);
  return type.scale;
}

function parseScale(body: unknown, name: string): { replicas: number; metadata: JsonObject } {
  if (!isObject(body) || body['kind'] !== 'Scale')
    throw badRequest('the body must be a Scale of autoscaling/v1');
  const [problem] = checkSchema(body, scaleSchema, '');
  if (problem !== undefined) {
    throw badRequest(`Scale cannot be decoded: ${problem.field ?? ''}: ${problem.message}`);
  }
  const replicas = Number(objectAt(body, 'spec')['replicas'] ?? 0);
  if (replicas < 0) {
    const cause = invalidValue(replicas, 'spec.replicas', 'must be greater than or equal to 0');
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, name, [cause]);
  }
  return { replicas, metadata: objectAt(body, 'metadata') };
}

function withValue(object: JsonObject, path: readonly string[], value: unknown): JsonObject {
  const [first = '', ...rest] = path;
  return { ...object, [first]: rest.length === 0 ? value : withValue(objectAt(object, first), rest, value) };
}
