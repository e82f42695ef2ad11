/** Owns the loop that keeps a local copy true: all there is, every change from there on, and again after whatever happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/logging.ts';
import { isGone } from './api-error.ts';
import { makeBackoff, reflectorBackoff } from './backoff.ts';
import type { BackoffOptions } from './backoff.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import type { KubeMetrics } from './kube-metrics.ts';
import { listPaged } from './paged-list.ts';
import type { ListScope, Prepare } from './paged-list.ts';
import { resourceNameOf } from './resource.ts';
import type { KubeObject, ResourceKind } from './resource.ts';
import type { KubeTransport } from './transport.ts';
import { runWatchSession } from './watch-session.ts';
import type { Beginning, CollectionSink, WatchEnd } from './watch-session.ts';

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
  readonly sink: CollectionSink<Type>;
  /** Applied to each object as it arrives; default: it is taken as it comes. */
  readonly prepare?: Prepare<Type>;
  readonly log: Logger;
  readonly metrics?: KubeMetrics;
  readonly clock?: Clock;
  readonly metadataOnly?: boolean;
  readonly pageSize?: number;
  readonly timings?: Partial<ReflectorTimings>;
}

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
  /** Whether the server can begin a watch with everything there is: then no list is ever held as a whole text. */
  #canStream = true;
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
    let position: Beginning = { everything: 'any' };
    while (!this.#stopping.signal.aborted) {
      if ('after' in position) position = await this.#watch(position);
      else
        position = this.#canStream
          ? await this.#stream(position.everything)
          : await this.#list(position.everything);
    }
  }

  /** Everything and then every change, in one request. */
  async #stream(mode: 'any' | 'fresh'): Promise<Beginning> {
    const { log } = this.#options;
    this.#metrics.lists.inc({ resource: this.#resource });
    const startedAt = this.#clock.monotonic();
    const end = await this.#session({ everything: mode });
    // An end by 410 right after everything was read is met with a pause: it may come again and again.
    if (end.after !== undefined) return this.#next(end, end.after, this.#wasShort(startedAt), true);
    if (this.#stopping.signal.aborted) return { everything: mode };
    if (end.cause === 'refused' || end.cause === 'stalled') {
      this.#canStream = false;
      log.info(
        { resource: this.#resource, cause: end.cause },
        'the server does not stream lists, reading pages',
      );
      return { everything: mode };
    }
    log.warn({ resource: this.#resource, error: end.error }, 'list failed, trying again');
    await this.#pause(end.error);
    return { everything: end.cause === 'expired' ? 'fresh' : mode };
  }

  async #list(mode: 'any' | 'fresh'): Promise<Beginning> {
    const { transport, kind, sink, log, prepare } = this.#options;
    this.#metrics.lists.inc({ resource: this.#resource });
    const options = {
      ...this.#scope(),
      resourceVersion: mode === 'any' ? '0' : '',
      timeoutMs: this.#timings.answerTimeoutMs,
      signal: this.#stopping.signal,
    };
    try {
      const { items, resourceVersion } = await listPaged(transport, kind, options, prepare);
      sink.replace(items);
      this.#heard();
      this.#complete();
      return { after: resourceVersion };
    } catch (error) {
      if (this.#stopping.signal.aborted) return { everything: mode };
      log.warn({ resource: this.#resource, error }, 'list failed, trying again');
      await this.#pause(error);
      return { everything: isGone(error) ? 'fresh' : mode };
    }
  }

  async #watch(beginning: { readonly after: string }): Promise<Beginning> {
    const startedAt = this.#clock.monotonic();
    const end = await this.#session(beginning);
    const after = end.after ?? beginning.after;
    const wasShort = this.#wasShort(startedAt);
    // What has just been listed is too old again: a server that always says 410 is met with a pause.
    return this.#next(end, after, wasShort, wasShort || after === beginning.after);
  }

  /** Returns where to go on after a watch has ended at the version `after`, once it is time to. */
  async #next(end: WatchEnd, after: string, wasShort: boolean, expiredSoon: boolean): Promise<Beginning> {
    if (this.#stopping.signal.aborted) return { after };
    const cause = wasShort && end.cause === 'server-timeout' ? 'short' : end.cause;
    this.#metrics.watchEnds.inc({ resource: this.#resource, cause });
    if (cause === 'server-timeout') return { after };
    if (cause === 'expired') {
      this.#options.log.info({ resource: this.#resource, version: after }, 'watch expired, listing again');
      if (expiredSoon) await this.#pause(end.error);
      return { everything: 'fresh' };
    }
    this.#logEnd(cause, end.error);
    await this.#pause(end.error);
    // After a line that was no event it is unknown what was missed, so the history cannot be continued.
    return cause === 'malformed' ? { everything: 'fresh' } : { after };
  }

  #session(beginning: Beginning): Promise<WatchEnd> {
    const { transport, kind, sink, prepare = (object: Type) => object } = this.#options;
    const { watchSeconds, deadlineSlackMs, answerTimeoutMs } = this.#timings;
    return runWatchSession<Type>({
      ...this.#scope(),
      transport,
      kind,
      beginning,
      seconds: Math.round(watchSeconds[0] + Math.random() * (watchSeconds[1] - watchSeconds[0])),
      deadlineSlackMs,
      answerTimeoutMs,
      prepare,
      sink,
      onHeard: () => this.#heard(),
      onComplete: () => this.#complete(),
      signal: this.#stopping.signal,
    });
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

  #complete(): void {
    this.#hasSynced = true;
    this.#synced.resolve(undefined);
  }

  #wasShort(startedAt: number): boolean {
    return this.#clock.monotonic() - startedAt < this.#timings.shortWatchMs;
  }

  #heard(): void {
    this.#lastHeardAt = this.#clock.monotonic();
  }

  #logEnd(cause: string, error: unknown): void {
    this.#options.log.warn({ resource: this.#resource, cause, error }, 'watch ended, reconnecting');
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
