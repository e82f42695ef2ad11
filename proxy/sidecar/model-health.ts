/** Owns whether the model server beside the sidecar can predict: asked often while it starts, seldom once it does. */
import { AppError, messageOf } from '../../platform/errors.ts';
import { ask } from '../upstream/ask.ts';
import type { Pool } from '../upstream/pool.ts';

export interface ModelHealthOptions {
  readonly pool: () => Pool;
  /** Answers 200 once the model can predict. */
  readonly healthPath: () => string;
  /** Whether the model is still being fetched, so that nobody can listen there yet. */
  readonly isFetching: () => boolean;
  /** Told when the model becomes ready, and when it no longer is. */
  readonly onChange: (ready: boolean) => void;
  /** Told when the model answers after nobody had listened there: it is another process now. */
  readonly onReturn: () => void;
}

// Somebody may be waiting for exactly this moment, and asking a neighbour on localhost costs next to nothing.
const firstIntervalMs = 10;
const slowestIntervalMs = 20;
const intervalGrowth = 1.1;
const readyIntervalMs = 1_000;
/** A fetch takes minutes or hours; what it takes to start a server afterwards is longer than this. */
const fetchingIntervalMs = 250;
const probeTimeoutMs = 1_000;
/** A single slow answer of a busy model is no reason to take it out of traffic. */
const failuresUntilUnready = 3;

export class ModelHealth {
  readonly #options: ModelHealthOptions;
  #ready = false;
  #everReady = false;
  #reason = 'the model server has not been asked yet';
  #failures = 0;
  #interval = firstIntervalMs;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #wasGone = false;

  constructor(options: ModelHealthOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#poll();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Returns why the model cannot predict; undefined when it can. */
  unreadyReason(): string | undefined {
    return this.#ready ? undefined : this.#reason;
  }

  /** Whether the model has ever been ready in the time of this process. */
  get everReady(): boolean {
    return this.#everReady;
  }

  async #poll(): Promise<void> {
    const failure = await this.#probe();
    if (this.#stopped) return;
    if (failure === undefined) this.#noteReady();
    else this.#noteFailure(failure);
    this.#timer = setTimeout(() => void this.#poll(), this.#pauseMs());
  }

  #pauseMs(): number {
    if (this.#ready) return readyIntervalMs;
    return this.#options.isFetching() ? fetchingIntervalMs : this.#interval;
  }

  #noteReady(): void {
    this.#failures = 0;
    this.#interval = firstIntervalMs;
    if (this.#wasGone) this.#options.onReturn();
    this.#wasGone = false;
    if (this.#ready) return;
    this.#ready = true;
    this.#everReady = true;
    this.#options.onChange(true);
  }

  #noteFailure(failure: string): void {
    this.#reason = this.#options.isFetching() ? 'the model is being fetched' : failure;
    this.#failures += 1;
    this.#interval = Math.min(slowestIntervalMs, this.#interval * intervalGrowth);
    if (!this.#ready || this.#failures < failuresUntilUnready) return;
    this.#ready = false;
    this.#interval = firstIntervalMs;
    this.#options.onChange(false);
  }

  /** Returns why the probe failed; undefined when it did not. */
  async #probe(): Promise<string | undefined> {
    const path = this.#options.healthPath();
    try {
      const { status } = await ask(this.#options.pool(), { method: 'GET', path, timeoutMs: probeTimeoutMs });
      return status === 200 ? undefined : `the model server answers ${path} with ${status}`;
    } catch (error) {
      if (error instanceof AppError && error.code === 'UPSTREAM_UNREACHABLE') this.#wasGone = true;
      return messageOf(error);
    }
  }
}
