/** Owns what a component in this process may ask of the API: as over HTTP, but without webhooks, which take their time. */
import type { JsonObject, KubeObject, ObjectInput } from '../objects/kube-object.ts';

export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  /** As kubectl's `-l`: `app=web,tier in (a,b),!canary`. */
  readonly labelSelector?: string | undefined;
  /** As kubectl's `--field-selector`: `spec.nodeName=local`. */
  readonly fieldSelector?: string | undefined;
}

export interface DeleteOptions {
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  /** 0 removes a pod at once; absent gives it its own termination grace. */
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export interface WatchEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

export interface Watch {
  stop(): void;
}

export type Subresource = 'status' | 'scale';

/**
 * Calls on one kind. Every call is synchronous, because the store is this process' memory: a read is never stale and a
 * write is complete when it returns. Objects that come back are frozen and shared: copy (`structuredClone`) before
 * changing. Every call throws `ApiError` as the HTTP API would answer (404 NotFound, 409 Conflict, 422 Invalid …).
 */
export interface ResourceClient<T extends KubeObject = KubeObject> {
  /** Returns undefined where the object does not exist. `namespace` is left out for cluster-scoped kinds. */
  get(name: string, namespace?: string): T | undefined;
  list(options?: ListOptions): readonly T[];
  /** The namespace is `object.metadata.namespace`. */
  create(object: ObjectInput<T>): T;
  /** A `metadata.resourceVersion` that is not the newest is refused with 409; without one the last writer wins. */
  update(object: ObjectInput<T>): T;
  /** Replaces `status` alone (and nothing of `spec`). */
  updateStatus(object: ObjectInput<T>): T;
  /** RFC 7386; a `metadata.resourceVersion` in the patch is a precondition. */
  mergePatch(name: string, namespace: string | undefined, patch: JsonObject, subresource?: Subresource): T;
  /** Server-side apply with the client's name as field manager. */
  apply(object: ObjectInput<T>, options?: { force?: boolean; subresource?: Subresource }): T;
  delete(name: string, namespace?: string, options?: DeleteOptions): void;
  /**
   * Calls `listener` with ADDED for every object that exists, before `watch` returns, and then with every change, in
   * order, each exactly once, until stopped. The listener runs inside the write that caused the event: it should note
   * keys and return.
   */
  watch(options: ListOptions, listener: (event: WatchEvent<T>) => void): Watch;
}

export interface LocalClient {
  /** Throws ApiError 404 where no such kind is served. */
  resource<T extends KubeObject = KubeObject>(apiVersion: string, kind: string): ResourceClient<T>;
  /**
   * GETs an absolute API path (`/apis/external.metrics.k8s.io/v1beta1/…`) and returns the parsed JSON: the one call
   * that may leave this process, for aggregated APIs. Throws ApiError with the backend's status; 503 where it is away.
   */
  getPath(path: string): Promise<unknown>;
}
