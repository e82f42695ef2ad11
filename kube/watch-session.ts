/** Owns one watch from its request to its end: first all that there is, where it is asked for, then every change. */
import { AppError } from '../platform/errors.ts';
import { ApiError, errorOfWatchEvent, isGone } from './api-error.ts';
import { acceptFor } from './paged-list.ts';
import type { ListScope, Prepare } from './paged-list.ts';
import { collectionPath, keyOf, refOf } from './resource.ts';
import type { KubeObject, ResourceKind } from './resource.ts';
import type { KubeRequest, KubeTransport } from './transport.ts';
import { readWatchEvents } from './watch-stream.ts';
import type { WatchEvent } from './watch-stream.ts';

/** Who is told: a store, in practice. Called in the order of the server's history, never two at once. */
export interface CollectionSink<Type> {
  replace(objects: readonly Type[]): void;
  upsert(object: Type): void;
  remove(object: Type): void;
}

/**
 * Where a watch begins: after a version, or with everything (`any`: as the server has it in memory, a little old perhaps;
 * `fresh`: at the newest version).
 */
export type Beginning = { readonly after: string } | { readonly everything: 'any' | 'fresh' };

/** How a watch ended, which decides what comes next. */
export interface WatchEnd {
  /** `refused`: this server cannot begin a watch with everything. `stalled`: it began to, and said no more. */
  readonly cause: 'server-timeout' | 'expired' | 'malformed' | 'failed' | 'deadline' | 'refused' | 'stalled';
  readonly error?: unknown;
  /** The version to go on after; undefined while the collection was not complete. */
  readonly after: string | undefined;
}

export interface WatchSessionOptions<Type extends KubeObject> extends ListScope {
  readonly transport: KubeTransport;
  readonly kind: ResourceKind<Type>;
  readonly metadataOnly?: boolean | undefined;
  readonly beginning: Beginning;
  /** Asked of the server as `timeoutSeconds`. */
  readonly seconds: number;
  /** How much longer than that the watch may live before it counts as dead. */
  readonly deadlineSlackMs: number;
  /** How long the server may take to answer with headers, and from one of the first objects to the next. */
  readonly answerTimeoutMs: number;
  readonly prepare: Prepare<Type>;
  readonly sink: CollectionSink<Type>;
  /** Called for everything that the server says. */
  readonly onHeard: () => void;
  /** Called once the collection is complete, where everything was asked for. */
  readonly onComplete: () => void;
  readonly signal: AbortSignal;
}

/** Runs a watch to its end; whatever goes wrong is told in the answer. */
export async function runWatchSession<Type extends KubeObject>(
  options: WatchSessionOptions<Type>,
): Promise<WatchEnd> {
  const { transport } = options;
  const progress = makeProgress(options);
  const dead = new AbortController();
  const deadline = setTimeout(() => dead.abort(), options.seconds * 1000 + options.deadlineSlackMs);
  const stalled = new AbortController();
  let stall: NodeJS.Timeout | undefined;
  const request = requestOf(options, AbortSignal.any([options.signal, dead.signal, stalled.signal]));
  try {
    const body = await transport.stream(request);
    if (!progress.isComplete()) stall = setTimeout(() => stalled.abort(), options.answerTimeoutMs);
    for await (const event of readWatchEvents(body)) {
      options.onHeard();
      if (event.type === 'ERROR') throw errorOfWatchEvent(`${request.method} ${request.path}`, event.object);
      progress.take(event);
      if (progress.isComplete()) clearTimeout(stall);
      else stall?.refresh();
    }
    return { cause: 'server-timeout', after: progress.version() };
  } catch (error) {
    const cause = dead.signal.aborted ? 'deadline' : stalled.signal.aborted ? 'stalled' : causeOf(error);
    const isRefused = cause === 'failed' && !progress.isComplete() && isRefusal(error);
    return { cause: isRefused ? 'refused' : cause, error, after: progress.version() };
  } finally {
    clearTimeout(deadline);
    clearTimeout(stall);
  }
}

/** What a watch has brought so far. */
interface Progress {
  take(event: WatchEvent): void;
  isComplete(): boolean;
  version(): string | undefined;
}

function makeProgress<Type extends KubeObject>(options: WatchSessionOptions<Type>): Progress {
  const { beginning, sink, prepare, onComplete } = options;
  /** By key; undefined once the collection is complete. */
  let initial = 'everything' in beginning ? new Map<string, Type>() : undefined;
  let version = 'after' in beginning ? beginning.after : undefined;
  const takeInitial = (type: WatchEvent['type'], object: Type, known: Map<string, Type>): void => {
    if (type !== 'BOOKMARK') {
      const key = keyOf(refOf(object));
      if (type === 'DELETED') known.delete(key);
      else known.set(key, prepare(object));
    } else if (endsInitialEvents(object)) {
      initial = undefined;
      version = object.metadata?.resourceVersion;
      sink.replace([...known.values()]);
      onComplete();
    }
  };
  return {
    take: (event) => {
      const object = event.object as unknown as Type;
      if (initial !== undefined) {
        takeInitial(event.type, object, initial);
        return;
      }
      if (event.type === 'DELETED') sink.remove(prepare(object));
      else if (event.type !== 'BOOKMARK') sink.upsert(prepare(object));
      version = object.metadata?.resourceVersion ?? version;
    },
    isComplete: () => initial === undefined,
    version: () => version,
  };
}

/** Kubernetes, "API concepts", streaming lists. */
const endsInitialEvents = (object: KubeObject): boolean =>
  object.metadata?.annotations?.['k8s.io/initial-events-end'] === 'true';

function requestOf<Type extends KubeObject>(
  options: WatchSessionOptions<Type>,
  signal: AbortSignal,
): KubeRequest {
  const { kind, namespace, labelSelector, fieldSelector, metadataOnly, beginning } = options;
  return {
    method: 'GET',
    path: collectionPath(kind, namespace),
    query: {
      watch: true,
      allowWatchBookmarks: true,
      ...('after' in beginning
        ? { resourceVersion: beginning.after }
        : {
            sendInitialEvents: true,
            resourceVersionMatch: 'NotOlderThan',
            resourceVersion: beginning.everything === 'any' ? '0' : undefined,
          }),
      timeoutSeconds: options.seconds,
      labelSelector,
      fieldSelector,
    },
    accept: acceptFor('PartialObjectMetadata', metadataOnly),
    timeoutMs: options.answerTimeoutMs,
    signal,
  };
}

/** A server without streaming lists calls the request invalid; one that does not know the parameters at all, a bad one. */
const isRefusal = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 422 || error.status === 400);

function causeOf(error: unknown): 'expired' | 'malformed' | 'failed' {
  if (isGone(error)) return 'expired';
  return error instanceof AppError && error.code === 'KUBE_WATCH_MALFORMED' ? 'malformed' : 'failed';
}
