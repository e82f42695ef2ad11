/** Owns the change of objects: whoever computes the new state, it passes the same steps on its way into the store. */
import { isDeepStrictEqual } from 'node:util';
import { claimsAfterUpdate, withManagedFields } from '../apply/apply.ts';
import type { Claim } from '../apply/managed-fields.ts';
import { conflict, modifiedMessage, notFound } from '../errors/api-error.ts';
import type { KubeObject, ObjectMeta } from '../objects/kube-object.ts';
import type { Draft, ResourceType } from '../resources/resource-type.ts';
import { Overtaken } from './course.ts';
import type { Course } from './course.ts';
import { readAnswer, setDefaults } from './create.ts';
import { decodeObject } from './decode.ts';
import type { Core, RequestContext } from './request-context.ts';
import { strategyContext, writeContext } from './request-context.ts';
import { validateUpdate } from './validate.ts';

export interface UpdateTarget {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: string | undefined;
}

/** Returns the live object in the version of `type`. @throws ApiError 404. */
export function getLive(
  core: Core,
  type: ResourceType,
  target: Omit<UpdateTarget, 'subresource'>,
): KubeObject {
  const stored = core.store.get(type.storage, target.namespace, target.name);
  if (stored === undefined) throw notFound(type, target.name);
  return type.fromStored(stored);
}

/** How an endpoint that is not the object itself shows it to webhooks, and takes back what they made of it. */
export interface ReviewForm {
  readonly show: (object: KubeObject) => KubeObject;
  readonly take: (answer: KubeObject, draft: Draft) => Draft;
}

export interface UpdateChange {
  readonly body: unknown;
  /** Those of a server-side apply; absent: the request claims what it changes. */
  readonly claims?: readonly Claim[];
  /** Absent: webhooks see the object as it is. */
  readonly form?: ReviewForm;
}

/**
 * Stores a new state of an existing object and returns it; a state that changes nothing is not stored, and the object
 * keeps its resource version.
 *
 * @throws ApiError 400, 404, 409 (another state was expected), 422.
 */
export function* updateObject(
  core: Core,
  type: ResourceType,
  target: UpdateTarget,
  change: UpdateChange,
  request: RequestContext,
): Course<KubeObject> {
  const live = getLive(core, type, target);
  const { subresource } = target;
  const asked = fitted(decodeObject(change.body, type, target, request), live, type, subresource);
  const show = change.form?.show ?? ((object: KubeObject) => object);
  const asking = { operation: 'UPDATE', type, ...target, oldObject: show(live), request } as const;
  const question: KubeObject = show(asked);
  const answer = yield { ...asking, phase: 'mutate', object: question };
  const draft =
    answer === question ? asked : changedByWebhook(answer, asked, live, { type, target, change, request });
  const context = strategyContext(core);
  if (subresource === undefined) type.strategy.prepareForUpdate?.(draft, live, context);
  if (type.hasGeneration && specChanged(draft, live, type)) {
    draft.metadata.generation = (live.metadata.generation ?? 0) + 1;
  }
  validateUpdate(type, draft, live, context);
  yield { ...asking, phase: 'validate', object: show(draft) };
  checkNotOvertaken(core, type, live);
  const write = writeContext(core, type, request, { operation: 'Update', subresource });
  // What webhooks changed is nobody's claim.
  const claims = change.claims ?? claimsAfterUpdate(live, draft === asked ? draft : asked, write);
  return storeChanged(core, type, { live, next: withManagedFields(draft, claims) }, request);
}

/** @throws Overtaken where the object is not the one any more that webhooks were asked about. */
export function checkNotOvertaken(core: Core, type: ResourceType, live: KubeObject): void {
  const { namespace, name, uid, resourceVersion } = live.metadata;
  const now = core.store.get(type.storage, namespace, name)?.metadata;
  if (now?.uid === uid && now.resourceVersion === resourceVersion) return;
  throw new Overtaken(409, 'Conflict', modifiedMessage);
}

/** Returns the draft of a request as this endpoint may write it. */
function fitted(
  decoded: Draft,
  live: KubeObject,
  type: ResourceType,
  subresource: string | undefined,
): Draft {
  checkPreconditions(type, decoded, live);
  const draft = restrictTo(subresource, decoded, live, type);
  keepSystemMetadata(draft, live);
  setDefaults(draft, type);
  return draft;
}

function changedByWebhook(
  answer: KubeObject | undefined,
  asked: Draft,
  live: KubeObject,
  of: {
    readonly type: ResourceType;
    readonly target: UpdateTarget;
    readonly change: UpdateChange;
    readonly request: RequestContext;
  },
): Draft {
  const { type, target, change, request } = of;
  if (answer === undefined) return asked;
  if (change.form !== undefined) return change.form.take(answer, asked);
  return fitted(readAnswer(answer, asked, type, target, request), live, type, target.subresource);
}

function storeChanged(
  core: Core,
  type: ResourceType,
  states: { readonly live: KubeObject; readonly next: KubeObject },
  request: RequestContext,
): KubeObject {
  const { live, next } = states;
  if (isDeepStrictEqual(next, live)) return live;
  if (request.dryRun) return next;
  const stored = core.store.put(type.storage, type.toStored(next));
  if (!isFinished(stored)) return type.fromStored(stored);
  const { namespace, name } = stored.metadata;
  return type.fromStored(core.store.remove(type.storage, namespace, name) ?? stored);
}

/** Whether nothing holds back the removal of an object whose deletion was asked for. */
export function isFinished(object: KubeObject): boolean {
  const { metadata } = object;
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.finalizers ?? []).length === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    !hasSpecFinalizers(object)
  );
}

/** Namespaces alone have finalizers in their spec: the one that stands for their content. */
function hasSpecFinalizers(object: KubeObject): boolean {
  const { spec } = object as { spec?: { finalizers?: readonly string[] } };
  return object.kind === 'Namespace' && (spec?.finalizers ?? []).length > 0;
}

function checkPreconditions(type: ResourceType, draft: Draft, live: KubeObject): void {
  const { uid, resourceVersion } = draft.metadata as Partial<ObjectMeta>;
  const { name } = live.metadata;
  if (uid !== undefined && uid !== '' && uid !== live.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`;
    throw conflict(type, name, why);
  }
  const expected = resourceVersion ?? '';
  if (expected !== '' && expected !== '0' && expected !== live.metadata.resourceVersion) {
    throw conflict(type, name, modifiedMessage);
  }
}

/** Each endpoint writes its own part of the object and leaves the other as it is. */
function restrictTo(
  subresource: string | undefined,
  draft: Draft,
  live: KubeObject,
  type: ResourceType,
): Draft {
  const current = live as Draft;
  if (subresource === 'status') {
    const { managedFields } = draft.metadata;
    const metadata = { ...live.metadata, ...(managedFields === undefined ? {} : { managedFields }) };
    return { ...structuredClone(current), metadata, status: draft['status'] };
  }
  if (!type.hasStatus) return draft;
  if (current['status'] === undefined) Reflect.deleteProperty(draft, 'status');
  else draft['status'] = structuredClone(current['status']);
  return draft;
}

function keepSystemMetadata(draft: Draft, live: KubeObject): void {
  const kept = [
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const;
  for (const field of kept) {
    if (live.metadata[field] === undefined) Reflect.deleteProperty(draft.metadata, field);
    else Reflect.set(draft.metadata, field, live.metadata[field]);
  }
}

function specChanged(draft: KubeObject, live: KubeObject, type: ResourceType): boolean {
  const content = (object: KubeObject): unknown => {
    const { metadata: _metadata, status, ...rest } = object as Draft;
    return type.hasStatus ? rest : { ...rest, status };
  };
  return !isDeepStrictEqual(content(draft), content(live));
}
