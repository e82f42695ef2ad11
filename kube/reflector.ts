/** Owns the loop that keeps a local copy true: list, watch on from there, and start again after whatever happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/logging.ts';
import { errorOfWatchEvent, isGone } from './api-error.ts';
import { makeBackoff, reflectorBackoff } from './backoff.ts';
import type { BackoffOptions } from './backoff.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import type { KubeMetrics } from './kube-metrics.ts';
import { acceptFor, listPaged } from './paged-list.ts';
import type { ListScope } from './paged-list.ts';
import { collectionPath, resourceNameOf } from './resource.ts';
import type { KubeObject, ResourceKind } from './resource.ts';
import type { KubeRequest, KubeTransport } from './transport.ts';
import { readWatchEvents } from './watch-stream.ts';

/** Who is told: a store, in practice. Called in the order of the server's history, never two at once. */
export interface ReflectorSink<Type> {
  replace(objects: readonly Type[]): void;
  upsert(object: Type): void;
  remove(object: Type): void;
}

export interface ReflectorTimings {
  /** Asked of the server as `timeoutSeconds`: random in this range, so that watches do not all end together. */
  readonly watchSeconds: readonly [min: number, max: number];
  /** How much longer than that a watch may live before it counts as dead. */
  readonly deadlineSlackMs: number;
  /** How long a watch may take to answer with headers, and a page of a list to come whole. */
  readonly answerTimeoutMs: number;
  /** A watch that ends well but sooner than this counts as a failure, lest reconnects come by the dozen. */
  readonly shortWatchMs: number;
  readonly backoff: BackoffOptions;
}

const defaultTimings: ReflectorTimings = {
  watchSeconds: [300, 600],
  deadlineSlackMs: 30_000,
  answerTimeoutMs: 30_000,
  shortWatchMs: 1_000,
  backoff: reflectorBackoff,
};

export interface ReflectorOptions<Type extends KubeObject> extends ListScope {
  readonly transport: KubeTransport;
  readonly kind: ResourceKind<Type>;
  readonly sink: ReflectorSink<Type>;
  readonly log: Logger;
  readonly metrics?: KubeMetrics;
  readonly clock?: Clock;
  readonly metadataOnly?: boolean;
  readonly pageSize?: number;
  readonly timings?: Partial<ReflectorTimings>;
}

/** How a watch ended, which decides what comes next. */
type WatchEnd =
  | { readonly cause: 'server-timeout' }
  | { readonly cause: 'expired' | 'malformed' | 'failed' | 'deadline' | 'short'; readonly error?: unknown };

/** Where the history is to be continued: after a version, or by a list (`fresh`: at the newest version only). */
type Position = { readonly after: string } | { readonly list: 'any' | 'fresh' };

/** Runs from `start` until `stop`; no failure ends it. */
export class Reflector<Type extends KubeObject> {
  readonly #options: ReflectorOptions<Type>;
  readonly #timings: ReflectorTimings;
  readonly #clock: Clock;
  readonly #metrics: KubeMetrics;
  readonly #resource: string;
  readonly #stopping = new AbortController();
  readonly #backoff: (now: number) => number;
  readonly #synced = Promise.withResolvers<undefined>();
  #hasSynced = false;
  #lastHeardAt: number;
  #running: Promise<void> | undefined;

  constructor(options: ReflectorOptions<Type>) {
    this.#options = options;
    this.#timings = { ...defaultTimings, ...options.timings };
    this.#clock = options.clock ?? systemClock;
    this.#metrics = options.metrics ?? makeKubeMetrics();
    this.#resource = resourceNameOf(options.kind);
    this.#backoff = makeBackoff(this.#timings.backoff);
    this.#lastHeardAt = this.#clock.monotonic();
  }

  /** Resolves after the first complete list. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Seconds since the server last said anything: a list, an event, a bookmark. */
  secondsSinceLastEvent(): number {
    return (this.#clock.monotonic() - this.#lastHeardAt) / 1000;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let position: Position = { list: 'any' };
    while (!this.#stopping.signal.aborted) {
      position = 'list' in position ? await this.#list(position.list) : await this.#watch(position.after);
    }
  }

  async #list(mode: 'any' | 'fresh'): Promise<Position> {
    const { transport, kind, sink, log } = this.#options;
    this.#metrics.lists.inc({ resource: this.#resource });
    try {
      const { items, resourceVersion } = await listPaged(transport, kind, {
        ...this.#scope(),
        resourceVersion: mode === 'any' ? '0' : '',
        timeoutMs: this.#timings.answerTimeoutMs,
        signal: this.#stopping.signal,
      });
      sink.replace(items);
      this.#heard();
      this.#hasSynced = true;
      this.#synced.resolve(undefined);
      return { after: resourceVersion };
    } catch (error) {
      if (this.#stopping.signal.aborted) return { list: mode };
      log.warn({ resource: this.#resource, error }, 'list failed, trying again');
      await this.#pause(error);
      return { list: isGone(error) ? 'fresh' : mode };
    }
  }

  async #watch(after: string): Promise<Position> {
    const progress = { version: after };
    const startedAt = this.#clock.monotonic();
    const end = await this.#consume(progress);
    if (this.#stopping.signal.aborted) return { after: progress.version };
    const wasShort = this.#clock.monotonic() - startedAt < this.#timings.shortWatchMs;
    return this.#next(wasShort && end.cause === 'server-timeout' ? { cause: 'short' } : end, {
      version: progress.version,
      // What has just been listed is too old again: a server that always says 410 is met with a pause.
      expiredSoon: wasShort || progress.version === after,
    });
  }

  /** Returns where to go on after a watch has ended at `version`, once it is time to. */
  async #next(
    end: WatchEnd,
    { version, expiredSoon }: { version: string; expiredSoon: boolean },
  ): Promise<Position> {
    this.#metrics.watchEnds.inc({ resource: this.#resource, cause: end.cause });
    switch (end.cause) {
      case 'server-timeout':
        return { after: version };
      case 'expired':
        this.#options.log.info({ resource: this.#resource, version }, 'watch expired, listing again');
        if (expiredSoon) await this.#pause(end.error);
        return { list: 'fresh' };
      case 'malformed':
        this.#logEnd(end);
        await this.#pause(end.error);
        // What was missed is unknown, so the history cannot be continued.
        return { list: 'fresh' };
      case 'deadline':
      case 'failed':
      case 'short':
        this.#logEnd(end);
        await this.#pause('error' in end ? end.error : undefined);
        return { after: version };
    }
  }

  async #consume(progress: { version: string }): Promise<WatchEnd> {
    const { watchSeconds, deadlineSlackMs } = this.#timings;
    const seconds = Math.round(watchSeconds[0] + Math.random() * (watchSeconds[1] - watchSeconds[0]));
    const dead = new AbortController();
    const deadline = setTimeout(() => dead.abort(), seconds * 1000 + deadlineSlackMs);
    const request = this.#watchRequest(progress.version, seconds, dead.signal);
    try {
      const body = await this.#options.transport.stream(request);
      for await (const event of readWatchEvents(body)) {
        this.#heard();
        if (event.type === 'ERROR')
          throw errorOfWatchEvent(`${request.method} ${request.path}`, event.object);
        this.#take(event.type, event.object as unknown as Type, progress);
      }
      return { cause: 'server-timeout' };
    } catch (error) {
      return { cause: dead.signal.aborted ? 'deadline' : causeOf(error), error };
    } finally {
      clearTimeout(deadline);
    }
  }

  #take(
    type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK',
    object: Type,
    progress: { version: string },
  ): void {
    const { sink } = this.#options;
    if (type === 'DELETED') sink.remove(object);
    else if (type !== 'BOOKMARK') sink.upsert(object);
    progress.version = object.metadata?.resourceVersion ?? progress.version;
  }

  #watchRequest(version: string, seconds: number, dead: AbortSignal): KubeRequest {
    const { kind, namespace, labelSelector, fieldSelector, metadataOnly } = this.#options;
    return {
      method: 'GET',
      path: collectionPath(kind, namespace),
      query: {
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: version,
        timeoutSeconds: seconds,
        labelSelector,
        fieldSelector,
      },
      accept: acceptFor('PartialObjectMetadata', metadataOnly),
      timeoutMs: this.#timings.answerTimeoutMs,
      signal: AbortSignal.any([this.#stopping.signal, dead]),
    };
  }

  #scope(): ListScope & { pageSize?: number; metadataOnly?: boolean } {
    const { namespace, labelSelector, fieldSelector, pageSize, metadataOnly } = this.#options;
    return {
      namespace,
      labelSelector,
      fieldSelector,
      ...(pageSize === undefined ? {} : { pageSize }),
      ...(metadataOnly === undefined ? {} : { metadataOnly }),
    };
  }

  #heard(): void {
    this.#lastHeardAt = this.#clock.monotonic();
  }

  #logEnd(end: WatchEnd): void {
    const error = 'error' in end ? end.error : undefined;
    this.#options.log.warn(
      { resource: this.#resource, cause: end.cause, error },
      'watch ended, reconnecting',
    );
  }

  /** Waits for the back-off, or as long as the server asked to wait, whichever is longer. */
  async #pause(error: unknown): Promise<void> {
    const asked = error instanceof AppError && 'retryAfterMs' in error ? Number(error.retryAfterMs ?? 0) : 0;
    const delay = Math.max(this.#backoff(this.#clock.monotonic()), asked);
    await sleep(delay, undefined, { signal: this.#stopping.signal }).catch(() => {
      // Stopped while waiting: the loop looks at the signal next.
    });
  }
}

function causeOf(error: unknown): 'expired' | 'malformed' | 'failed' {
  if (isGone(error)) return 'expired';
  return error instanceof AppError && error.code === 'KUBE_WATCH_MALFORMED' ? 'malformed' : 'failed';
}
