/** Owns the level-triggered loop of a controller: keys in, deduplicated, one reconcile at a time, retried with back-off. */
import type { Clock } from '../../../platform/clock.ts';
import { systemClock } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logging.ts';

/** Returns when to look again, in milliseconds, where time alone can change the outcome. */
export type Reconcile = (key: string) => Promise<number | undefined> | number | undefined;

export interface LoopOptions {
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly log: Logger;
  readonly clock?: Clock;
  /** First and longest delay after a failed reconcile; doubled in between. */
  readonly retryDelaysMs?: { readonly first: number; readonly longest: number };
}

/**
 * Runs `reconcile` for the keys that are enqueued. A key that is enqueued while it waits is run once; while it runs,
 * once more afterwards. A reconcile that throws is retried; success resets its back-off.
 */
export class Loop {
  readonly #options: LoopOptions;
  readonly #clock: Clock;
  readonly #ready = new Set<string>();
  readonly #timers = new Map<string, { timer: NodeJS.Timeout; due: number }>();
  readonly #failures = new Map<string, number>();
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  enqueue(key: string): void {
    if (this.#stopped) return;
    this.#ready.add(key);
    this.#running ??= this.#drain();
  }

  /** The earlier of two delays for the same key wins. */
  enqueueAfter(key: string, delayMs: number): void {
    if (this.#stopped) return;
    const due = this.#clock.monotonic() + delayMs;
    const waiting = this.#timers.get(key);
    if (waiting !== undefined && waiting.due <= due) return;
    clearTimeout(waiting?.timer);
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.enqueue(key);
    }, delayMs);
    this.#timers.set(key, { timer, due });
  }

  /** Takes no more keys and waits for the reconcile that runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ready.clear();
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.#running;
  }

  async #drain(): Promise<void> {
    // A watch reports inside the write that caused the event: reconcile only after that write has returned.
    await Promise.resolve();
    for (const key of this.#ready) {
      this.#ready.delete(key);
      await this.#runOnce(key);
    }
    this.#running = undefined;
    if (this.#ready.size > 0) this.#running = this.#drain();
  }

  async #runOnce(key: string): Promise<void> {
    const { name, reconcile, log, retryDelaysMs = { first: 5, longest: 30_000 } } = this.#options;
    try {
      const again = await reconcile(key);
      this.#failures.delete(key);
      if (again !== undefined) this.enqueueAfter(key, again);
    } catch (error) {
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      const delayMs = Math.min(retryDelaysMs.first * 2 ** failures, retryDelaysMs.longest);
      // The first retries are the ordinary answer to a write that somebody else overtook.
      log[failures < 3 ? 'debug' : 'warn']({ controller: name, key, error, delayMs }, 'reconcile failed');
      this.enqueueAfter(key, delayMs);
    }
  }
}
