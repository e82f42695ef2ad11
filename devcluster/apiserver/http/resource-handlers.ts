/** Owns the HTTP face of kinds: verbs on collections, objects and their status and scale. */
import type { Dispatcher } from '../admission/dispatch.ts';
import { runWrite } from '../admission/webhooks.ts';
import { ApiError, badRequest, methodNotAllowed, notFound } from '../errors/api-error.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { Course } from '../pipeline/course.ts';
import { createObject } from '../pipeline/create.ts';
import { deleteObject, parseDeleteOptions } from '../pipeline/delete.ts';
import { applyObject, patchContentTypes, patchObject } from '../pipeline/patch.ts';
import type { PatchFormat } from '../pipeline/patch.ts';
import { makeMatcher } from '../pipeline/read.ts';
import type { Lister, Selection } from '../pipeline/read.ts';
import type { Core, RequestContext } from '../pipeline/request-context.ts';
import { getLive, updateObject } from '../pipeline/update.ts';
import type { UpdateTarget } from '../pipeline/update.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { applyScale, getScale, patchScale, updateScale } from '../subresources/scale.ts';
import { mediaTypeOf, objectMediaTypes, readObject } from './body.ts';
import { requestContextOf } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { listText, singleText } from './forms.ts';
import type { FormOptions, IncludeObject } from './forms.ts';
import { answerForm } from './negotiation.ts';
import type { ResourceRequest } from './request-info.ts';
import { sendText, setWarnings } from './responses.ts';
import { serveWatch } from './watch-stream.ts';

export interface ResourceDeps extends Dispatcher {
  readonly lister: Lister;
}

type ResourceExchange = Exchange<ResourceRequest>;
type Handler = (deps: ResourceDeps, exchange: ResourceExchange, type: ResourceType) => void | Promise<void>;

const handlers: Readonly<Record<string, Handler>> = {
  get: handleGet,
  list: handleList,
  watch: handleWatch,
  create: handleCreate,
  update: handleUpdate,
  patch: handlePatch,
  delete: handleDelete,
  deletecollection: handleDeleteCollection,
};

const needsName = new Set(['get', 'update', 'patch', 'delete']);

/** Serves one request on a kind. @throws ApiError with the answer of every refusal. */
export async function handleResource(
  deps: ResourceDeps,
  exchange: ResourceExchange,
  type: ResourceType,
): Promise<void> {
  const { verb, subresource, name } = exchange.info;
  if (subresource !== undefined && !hasSubresource(type, subresource)) {
    throw notFound(type, `${name ?? ''}/${subresource}`);
  }
  const handler = handlers[verb];
  const isMisplaced = verb === 'create' ? name !== undefined : needsName.has(verb) && name === undefined;
  if (handler === undefined || isMisplaced) {
    throw methodNotAllowed('the server does not allow this method on the requested resource');
  }
  await handler(deps, exchange, type);
}

const hasSubresource = (type: ResourceType, subresource: string): boolean =>
  (subresource === 'status' && type.hasStatus) || (subresource === 'scale' && type.scale !== undefined);

function formOptions(deps: ResourceDeps, exchange: ResourceExchange): FormOptions {
  return {
    form: answerForm(exchange.request.headers.accept),
    includeObject: (exchange.info.query.get('includeObject') ?? 'Metadata') as IncludeObject,
    now: deps.core.clock.now(),
  };
}

function targetOf(info: ResourceRequest, type: ResourceType): UpdateTarget {
  return {
    name: info.name ?? '',
    namespace: type.namespaced ? info.namespace : undefined,
    subresource: info.subresource,
  };
}

function selectionOf(info: ResourceRequest, type: ResourceType): Selection {
  const { query, name } = info;
  const byName = name === undefined ? [] : [`metadata.name=${name}`];
  const fields = [...byName, ...(query.get('fieldSelector') ?? '').split(',').filter((part) => part !== '')];
  return {
    namespace: type.namespaced ? info.namespace : undefined,
    labelSelector: query.get('labelSelector') ?? undefined,
    fieldSelector: fields.join(','),
  };
}

function sendObject(
  deps: ResourceDeps,
  exchange: ResourceExchange,
  type: ResourceType,
  answer: { readonly object: KubeObject; readonly code?: number },
): void {
  // A Scale has no columns: kubectl prints it from the object.
  const options = formOptions(deps, exchange);
  const form = answer.object.kind === type.kind ? options.form : 'object';
  const text = singleText(type, answer.object, { ...options, form });
  sendText(exchange.response, answer.code ?? 200, text);
}

function handleGet(deps: ResourceDeps, exchange: ResourceExchange, type: ResourceType): void {
  const target = targetOf(exchange.info, type);
  const isScale = exchange.info.subresource === 'scale';
  const object = isScale ? getScale(deps.core, type, target) : getLive(deps.core, type, target);
  sendObject(deps, exchange, type, { object });
}

function handleList(deps: ResourceDeps, exchange: ResourceExchange, type: ResourceType): void {
  const { query } = exchange.info;
  const page = deps.lister.list(type, {
    ...selectionOf(exchange.info, type),
    limit: Number(query.get('limit') ?? 0) || 0,
    continueToken: query.get('continue') ?? undefined,
    resourceVersion: query.get('resourceVersion') ?? undefined,
    resourceVersionMatch: query.get('resourceVersionMatch') ?? undefined,
  });
  const metadata = {
    resourceVersion: String(page.version),
    ...(page.continueToken === undefined ? {} : { continue: page.continueToken }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  };
  sendText(exchange.response, 200, listText(type, page.items, metadata, formOptions(deps, exchange)));
}

function handleWatch(deps: ResourceDeps, exchange: ResourceExchange, type: ResourceType): void {
  serveWatch(exchange.response, {
    core: deps.core,
    type,
    selection: selectionOf(exchange.info, type),
    query: exchange.info.query,
    form: formOptions(deps, exchange),
  });
}

async function handleCreate(
  deps: ResourceDeps,
  exchange: ResourceExchange,
  type: ResourceType,
): Promise<void> {
  const request = requestContextOf(exchange);
  const body = await readObject(exchange.request, objectMediaTypes);
  const namespace = type.namespaced ? exchange.info.namespace : undefined;
  const start = (): Course<KubeObject> => createObject(deps.core, type, { namespace, body }, request);
  const object = await runWrite(deps, request, start);
  setWarnings(exchange.response, request.warnings);
  sendObject(deps, exchange, type, { object, code: 201 });
}

async function handleUpdate(
  deps: ResourceDeps,
  exchange: ResourceExchange,
  type: ResourceType,
): Promise<void> {
  const request = requestContextOf(exchange);
  const body = await readObject(exchange.request, objectMediaTypes);
  const target = targetOf(exchange.info, type);
  const start = (): Course<KubeObject> =>
    target.subresource === 'scale'
      ? updateScale(deps.core, type, target, body, request)
      : updateObject(deps.core, type, target, { body }, request);
  const object = await runWrite(deps, request, start);
  setWarnings(exchange.response, request.warnings);
  sendObject(deps, exchange, type, { object });
}

async function handlePatch(
  deps: ResourceDeps,
  exchange: ResourceExchange,
  type: ResourceType,
): Promise<void> {
  const { core } = deps;
  const target = targetOf(exchange.info, type);
  const format = patchContentTypes[mediaTypeOf(exchange.request.headers['content-type'])];
  const body = await readObject(exchange.request, Object.keys(patchContentTypes));
  if (format === undefined || body === undefined)
    throw badRequest('a patch needs a body and its content type');
  const request = requestContextOf(exchange, format === 'apply');
  const force = exchange.info.query.get('force') === 'true';
  const answer = await runWrite(deps, request, () =>
    patchCourse(core, type, target, { format, body, force }, request),
  );
  setWarnings(exchange.response, request.warnings);
  sendObject(deps, exchange, type, answer);
}

/** The way of a patch: an apply may create, the others change what there is. */
function* patchCourse(
  core: Core,
  type: ResourceType,
  target: UpdateTarget,
  patch: { readonly format: PatchFormat | 'apply'; readonly body: unknown; readonly force: boolean },
  request: RequestContext,
): Course<{ readonly object: KubeObject; readonly code?: number }> {
  const isScale = target.subresource === 'scale';
  const { format } = patch;
  if (format !== 'apply') {
    const write = isScale ? patchScale : patchObject;
    return { object: yield* write(core, type, target, { ...patch, format }, request) };
  }
  if (isScale) return { object: yield* applyScale(core, type, target, patch, request) };
  const { object, created } = yield* applyObject(core, type, target, patch, request);
  return { object, code: created ? 201 : 200 };
}

async function handleDelete(
  deps: ResourceDeps,
  exchange: ResourceExchange,
  type: ResourceType,
): Promise<void> {
  if (exchange.info.subresource !== undefined) {
    throw methodNotAllowed('a subresource cannot be deleted; delete the object');
  }
  const request = requestContextOf(exchange);
  const options = await readDeleteOptions(exchange);
  const target = targetOf(exchange.info, type);
  const { object, gone } = await runWrite(deps, request, () =>
    deleteObject(deps.core, type, target, options, request),
  );
  setWarnings(exchange.response, request.warnings);
  if (!gone) {
    sendObject(deps, exchange, type, { object });
    return;
  }
  const { name, uid } = object.metadata;
  const details = { name, group: type.group, kind: type.plural, uid };
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  sendText(exchange.response, 200, JSON.stringify(status));
}

async function handleDeleteCollection(
  deps: ResourceDeps,
  exchange: ResourceExchange,
  type: ResourceType,
): Promise<void> {
  const request = requestContextOf(exchange);
  const options = await readDeleteOptions(exchange);
  const selection = selectionOf(exchange.info, type);
  const matches = makeMatcher(type, selection);
  const selected = deps.core.store
    .list(type.storage, selection.namespace)
    .items.map(type.fromStored)
    .filter(matches);
  const deleted: KubeObject[] = [];
  for (const { metadata } of selected) {
    const { name, namespace } = metadata;
    const start = (): Course<{ readonly object: KubeObject }> =>
      deleteObject(deps.core, type, { name, namespace }, options, request);
    // What somebody else has deleted meanwhile is as it should be.
    const done = await runWrite(deps, request, start).catch(undefinedIfGone);
    if (done !== undefined) deleted.push(done.object);
  }
  setWarnings(exchange.response, request.warnings);
  const metadata = { resourceVersion: String(deps.core.store.version) };
  sendText(exchange.response, 200, listText(type, deleted, metadata, formOptions(deps, exchange)));
}

function undefinedIfGone(error: unknown): undefined {
  if (error instanceof ApiError && error.httpStatus === 404) return undefined;
  throw error;
}

async function readDeleteOptions(exchange: ResourceExchange): Promise<ReturnType<typeof parseDeleteOptions>> {
  const { query } = exchange.info;
  const body = parseDeleteOptions(await readObject(exchange.request, objectMediaTypes));
  const policy = query.get('propagationPolicy');
  const grace = query.get('gracePeriodSeconds');
  const fromQuery = parseDeleteOptions({
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
  });
  return { ...fromQuery, ...body };
}

/** The refusal of a verb that the kind does not have. */
export function checkVerb(type: ResourceType, verb: string): void {
  if (type.verbs.includes(verb)) return;
  const details = { group: type.group, kind: type.plural };
  const message = 'the server does not allow this method on the requested resource';
  throw new ApiError(405, 'MethodNotAllowed', message, details);
}
