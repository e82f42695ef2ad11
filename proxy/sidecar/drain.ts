/** Owns how a sidecar lets go: unready at once, serving on until it has been quiet, and back if it was a false alarm. */
import type { Clock } from '../../platform/clock.ts';

export interface DrainBounds {
  /** Time without a request after which nobody will send one any more. */
  readonly quietMs: number;
  /** Greatest length of the wait. */
  readonly maxMs: number;
}

export interface DrainOptions {
  readonly bounds: () => DrainBounds;
  /** Requests in flight or queued. */
  readonly busy: () => number;
  /** Whether requests can have been sent here at all: nobody knows of a pod that was never ready. */
  readonly isKnown: () => boolean;
  readonly clock: Clock;
}

const tickMs = 50;

/**
 * Quiet is: nothing under way, and no request for `quietMs` (endpoints elsewhere take a while to learn that the pod
 * goes). Every request starts that time anew, so the whole is capped.
 */
export class Drain {
  readonly #options: DrainOptions;
  #startedAt: number | undefined;
  #lastRequestAt: number;

  constructor(options: DrainOptions) {
    this.#options = options;
    this.#lastRequestAt = options.clock.monotonic();
  }

  get draining(): boolean {
    return this.#startedAt !== undefined;
  }

  /** Monotonic milliseconds; undefined: it has not. */
  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  /** Returns why the pod must get no new requests; undefined while it may. */
  unreadyReason(): string | undefined {
    return this.draining ? 'the sidecar is draining' : undefined;
  }

  noteRequest(): void {
    this.#lastRequestAt = this.#options.clock.monotonic();
  }

  /** Becomes unready now, and resolves when it is quiet or the wait has lasted long enough. */
  async wait(): Promise<void> {
    this.#startedAt ??= this.#options.clock.monotonic();
    while (!this.#isOver()) await new Promise((resolve) => setTimeout(resolve, tickMs));
  }

  /**
   * Becomes ready again: the preStop hook of the model's container also runs when only that container is restarted,
   * and nothing else tells the two apart.
   */
  reset(): void {
    this.#startedAt = undefined;
  }

  #isOver(): boolean {
    const { bounds, busy, isKnown, clock } = this.#options;
    const startedAt = this.#startedAt;
    if (startedAt === undefined) return true;
    const { quietMs, maxMs } = bounds();
    const now = clock.monotonic();
    if (now - startedAt >= maxMs) return true;
    if (busy() > 0) return false;
    return !isKnown() || now - Math.max(startedAt, this.#lastRequestAt) >= quietMs;
  }
}
