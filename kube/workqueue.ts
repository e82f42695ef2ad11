/** Owns the line of keys that wait for a worker, with client-go's promises: none twice at once, none lost. */
import { systemClock } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import type { KubeMetrics } from './kube-metrics.ts';
import { makeRateLimiter } from './rate-limiter.ts';
import type { RateLimiter } from './rate-limiter.ts';

export interface WorkQueueOptions {
  /** The metric label. */
  readonly name: string;
  readonly limiter?: RateLimiter;
  readonly clock?: Clock;
  readonly metrics?: KubeMetrics;
}

/** The longest delay that a Node timer can keep; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * A key is *dirty* from `add` until a worker gets it, and *processing* from there to `done`. A key that is added while
 * it is processing waits, once, until `done`; so no two workers ever have the same key, and no addition is forgotten.
 */
export class WorkQueue {
  readonly #name: string;
  readonly #limiter: RateLimiter;
  readonly #clock: Clock;
  readonly #metrics: KubeMetrics;
  /** In order of arrival, with the time of arrival. Every key here is dirty and not processing. */
  readonly #line = new Map<string, number>();
  readonly #dirty = new Set<string>();
  readonly #processing = new Set<string>();
  readonly #delayed = new Map<string, { readonly dueAt: number; readonly timer: NodeJS.Timeout }>();
  readonly #waitingWorkers: ((key: string | undefined) => void)[] = [];
  #shuttingDown = false;

  constructor(options: WorkQueueOptions) {
    this.#name = options.name;
    this.#clock = options.clock ?? systemClock;
    const clock = this.#clock;
    this.#limiter = options.limiter ?? makeRateLimiter({ now: () => clock.monotonic() });
    this.#metrics = options.metrics ?? makeKubeMetrics();
  }

  /** How many keys wait for a worker, those that wait for a time not counted. */
  get depth(): number {
    return this.#line.size;
  }

  /** Puts `key` in line, unless it is there already. */
  add(key: string): void {
    if (this.#shuttingDown || this.#dirty.has(key)) return;
    this.#dirty.add(key);
    this.#metrics.queueAdds.inc({ queue: this.#name });
    if (!this.#processing.has(key)) this.#enqueue(key);
  }

  /** Puts `key` in line after `delayMs`; of several delays for one key the soonest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#shuttingDown) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueAt = this.#clock.monotonic() + delayMs;
    const planned = this.#delayed.get(key);
    if (planned !== undefined) {
      if (planned.dueAt <= dueAt) return;
      clearTimeout(planned.timer);
    }
    const timer = setTimeout(() => this.#due(key, dueAt), Math.min(delayMs, longestTimerMs));
    this.#delayed.set(key, { dueAt, timer });
  }

  /** Puts `key` in line after the time that its failures so far have earned it, and not before `atLeastMs`. */
  addRateLimited(key: string, atLeastMs = 0): void {
    this.#metrics.queueRetries.inc({ queue: this.#name });
    this.addAfter(key, Math.max(atLeastMs, this.#limiter.delayOf(key)));
  }

  /** Forgets the failures of `key`; does not take it out of the line. */
  forget(key: string): void {
    this.#limiter.forget(key);
  }

  /** How often `key` has failed since it was last forgotten. */
  failures(key: string): number {
    return this.#limiter.failures(key);
  }

  /** Resolves with the next key, which the worker then owes a `done`; with undefined once the queue is shut down and empty. */
  async get(): Promise<string | undefined> {
    const next = this.#line.keys().next();
    if (next.done !== true) return this.#take(next.value);
    if (this.#shuttingDown) return undefined;
    return new Promise((resolve) => this.#waitingWorkers.push(resolve));
  }

  /** Says that the worker has finished with `key`; if it was added meanwhile it goes in line now. */
  done(key: string): void {
    this.#processing.delete(key);
    if (this.#dirty.has(key)) this.#enqueue(key);
  }

  /** Takes no more keys and drops those that wait for a time; what is in line is still handed out. */
  shutDown(): void {
    this.#shuttingDown = true;
    for (const { timer } of this.#delayed.values()) clearTimeout(timer);
    this.#delayed.clear();
    for (const resolve of this.#waitingWorkers.splice(0)) resolve(undefined);
  }

  #due(key: string, dueAt: number): void {
    this.#delayed.delete(key);
    this.addAfter(key, dueAt - this.#clock.monotonic());
  }

  #enqueue(key: string): void {
    this.#line.set(key, this.#clock.monotonic());
    const worker = this.#waitingWorkers.shift();
    if (worker === undefined) this.#metrics.queueDepth.set({ queue: this.#name }, this.#line.size);
    else worker(this.#take(key));
  }

  #take(key: string): string {
    const waitedMs = this.#clock.monotonic() - (this.#line.get(key) ?? 0);
    this.#line.delete(key);
    this.#dirty.delete(key);
    this.#processing.add(key);
    this.#metrics.queueDepth.set({ queue: this.#name }, this.#line.size);
    this.#metrics.queueSeconds.observe({ queue: this.#name }, waitedMs / 1000);
    return key;
  }
}
