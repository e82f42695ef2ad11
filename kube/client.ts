/** Owns the verbs on Kubernetes objects. Objects are plain JSON: fields that nobody here knows survive both ways. */
import { isNotFound } from './api-error.ts';
import type { Scale } from './kinds.ts';
import { listPaged } from './paged-list.ts';
import type { ListOptions, ObjectList } from './paged-list.ts';
import { apiVersionOf, collectionPath, objectPath, refOf } from './resource.ts';
import type { KubeObject, ObjectRef, ResourceKind } from './resource.ts';
import type { KubeRequest, KubeTransport, Method, QueryValue } from './transport.ts';

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends CallOptions {
  /** Who owns the fields that are written; required by `apply`. */
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  /** It may be sent again after its connection failed: it asks rather than writes (reviews), or twice is as once. */
  readonly repeatable?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Takes over fields that another manager owns. Default true: what we apply is ours. */
  readonly force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}

export interface LogOptions extends CallOptions {
  readonly container?: string;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** Of the container's last run instead of the current one. */
  readonly previous?: boolean;
}

/** RFC 6902, without `copy` and `move`, which nobody needs. A failed `test` is an ApiError 422 (`isInvalid`). */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** Every function throws as `KubeTransport.request` does, and AppError `KUBE_NAME_MISSING` for an incomplete ref. */
export interface KubeClient {
  readonly transport: KubeTransport;
  get<Type extends KubeObject>(
    kind: ResourceKind<Type>,
    ref: ObjectRef,
    options?: CallOptions,
  ): Promise<Type>;
  /** As `get`, and undefined where there is no such object. */
  find<Type extends KubeObject>(
    kind: ResourceKind<Type>,
    ref: ObjectRef,
    options?: CallOptions,
  ): Promise<Type | undefined>;
  /** All objects of the scope, read in pages. */
  list<Type extends KubeObject>(kind: ResourceKind<Type>, options?: ListOptions): Promise<ObjectList<Type>>;
  create<Type extends KubeObject>(
    kind: ResourceKind<Type>,
    object: Type,
    options?: WriteOptions,
  ): Promise<Type>;
  /** PUT: `metadata.resourceVersion` is the precondition. Only for objects that we alone write (leases). */
  replace<Type extends KubeObject>(
    kind: ResourceKind<Type>,
    object: Type,
    options?: WriteOptions,
  ): Promise<Type>;
  /** Server-side apply: the object holds exactly the fields that `fieldManager` wants to own. */
  apply<Type extends KubeObject>(
    kind: ResourceKind<Type>,
    object: Type,
    options: ApplyOptions,
  ): Promise<Type>;
  /** RFC 7396: null removes a field, lists are replaced whole. */
  mergePatch<Type extends KubeObject>(
    kind: ResourceKind<Type>,
    ref: ObjectRef,
    patch: object,
    options?: WriteOptions,
  ): Promise<Type>;
  jsonPatch<Type extends KubeObject>(
    kind: ResourceKind<Type>,
    ref: ObjectRef,
    operations: readonly JsonPatchOperation[],
    options?: WriteOptions,
  ): Promise<Type>;
  /** Returns false where the object was gone already. */
  delete(kind: ResourceKind, ref: ObjectRef, options?: DeleteOptions): Promise<boolean>;
  /** The same on the status subresource. */
  readonly status: Pick<KubeClient, 'apply' | 'mergePatch'>;
  readonly scale: {
    get(kind: ResourceKind, ref: ObjectRef, options?: CallOptions): Promise<Scale>;
    mergePatch(kind: ResourceKind, ref: ObjectRef, patch: object, options?: WriteOptions): Promise<Scale>;
    jsonPatch(
      kind: ResourceKind,
      ref: ObjectRef,
      operations: readonly JsonPatchOperation[],
      options?: WriteOptions,
    ): Promise<Scale>;
  };
  /** Returns the end of a container's log as text. */
  readLog(pod: ObjectRef, options?: LogOptions): Promise<string>;
}

const podLog: ResourceKind = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

/**
 * Returns the client of one cluster. `guard` is called right before each write is sent and keeps it from being sent by
 * throwing: leader election fences writes with it.
 */
export function makeKubeClient(transport: KubeTransport, options: { guard?: () => void } = {}): KubeClient {
  const { read, write, patchJson, patchMerge, applyTo } = makeVerbs(transport, options.guard);
  const get: KubeClient['get'] = async (kind, ref, call) => read(objectPath(kind, ref), call);
  return {
    transport,
    get,
    find: async (kind, ref, call) => get(kind, ref, call).catch(undefinedIfNotFound),
    list: async (kind, list = {}) => listPaged(transport, kind, list),
    create: async (kind, object, call = {}) =>
      write('POST', collectionPath(kind, object.metadata?.namespace), call, {
        body: identified(kind, object),
      }),
    replace: async (kind, object, call = {}) =>
      write('PUT', objectPath(kind, refOf(object)), call, { body: identified(kind, object) }),
    apply: async (kind, object, call) => applyTo(kind, object, call),
    mergePatch: async (kind, ref, patch, call) => patchMerge(objectPath(kind, ref), patch, call),
    jsonPatch: async (kind, ref, operations, call) => patchJson(objectPath(kind, ref), operations, call),
    delete: async (kind, ref, call = {}) =>
      write('DELETE', objectPath(kind, ref), callOf(call), { body: deleteBody(call) }).then(
        () => true,
        falseIfNotFound,
      ),
    status: {
      apply: async (kind, object, call) => applyTo(kind, object, call, 'status'),
      mergePatch: async (kind, ref, patch, call) => patchMerge(objectPath(kind, ref, 'status'), patch, call),
    },
    scale: {
      get: async (kind, ref, call) => read(objectPath(kind, ref, 'scale'), call),
      mergePatch: async (kind, ref, patch, call) => patchMerge(objectPath(kind, ref, 'scale'), patch, call),
      jsonPatch: async (kind, ref, operations, call) =>
        patchJson(objectPath(kind, ref, 'scale'), operations, call),
    },
    readLog: async (pod, call = {}) => transport.requestText(logRequest(pod, call)),
  };
}

/** Returns the requests that the client's functions are made of. */
function makeVerbs(transport: KubeTransport, guard: (() => void) | undefined) {
  const read = <Answer>(path: string, call: CallOptions = {}): Promise<Answer> =>
    transport.request<Answer>({ method: 'GET', path, ...call });
  const write = <Answer>(
    method: Method,
    path: string,
    call: WriteOptions,
    request: WriteBody,
  ): Promise<Answer> => transport.request<Answer>({ ...writeRequest(method, path, call, request), guard });

  const patchJson = <Answer>(
    path: string,
    operations: readonly JsonPatchOperation[],
    call: WriteOptions = {},
  ) => write<Answer>('PATCH', path, call, { body: operations, contentType: 'application/json-patch+json' });
  const patchMerge = <Answer>(path: string, patch: object, call: WriteOptions = {}) =>
    write<Answer>('PATCH', path, call, { body: patch, contentType: 'application/merge-patch+json' });
  const applyTo = <Type extends KubeObject>(
    kind: ResourceKind<Type>,
    object: Type,
    call: ApplyOptions,
    subresource?: string,
  ) =>
    write<Type>('PATCH', objectPath(kind, refOf(object), subresource), call, {
      body: identified(kind, object),
      // JSON is YAML, and this is the media type that every supported server knows.
      contentType: 'application/apply-patch+yaml',
      query: { force: call.force ?? true },
    });

  return { read, write, patchJson, patchMerge, applyTo };
}

interface WriteBody {
  readonly body: unknown;
  readonly contentType?: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
}

function writeRequest(method: Method, path: string, call: WriteOptions, request: WriteBody): KubeRequest {
  return {
    method,
    path,
    body: request.body,
    repeatable: call.repeatable ?? false,
    ...(request.contentType === undefined ? {} : { contentType: request.contentType }),
    query: {
      fieldManager: call.fieldManager,
      dryRun: call.dryRun === true ? 'All' : undefined,
      // An unknown or misspelt field is an error, never silently lost.
      fieldValidation: method === 'DELETE' ? undefined : 'Strict',
      ...request.query,
    },
    ...callOf(call),
  };
}

const callOf = ({ timeoutMs, signal }: CallOptions): CallOptions => ({
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
  ...(signal === undefined ? {} : { signal }),
});

const identified = <Type extends KubeObject>(kind: ResourceKind<Type>, object: Type): Type => ({
  ...object,
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
});

function deleteBody(options: DeleteOptions): object {
  const { preconditions, propagationPolicy, gracePeriodSeconds } = options;
  return { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy, gracePeriodSeconds };
}

function logRequest(pod: ObjectRef, options: LogOptions): KubeRequest {
  const { container, tailLines, limitBytes, previous } = options;
  return {
    method: 'GET',
    path: objectPath(podLog, pod, 'log'),
    query: { container, tailLines, limitBytes, previous },
    accept: '*/*',
    ...callOf(options),
  };
}

function falseIfNotFound(error: unknown): false {
  if (isNotFound(error)) return false;
  throw error;
}

function undefinedIfNotFound(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}
