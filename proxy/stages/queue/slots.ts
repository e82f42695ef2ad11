/** Owns turns at a model: so many at one time, so many waiting in order, and no more. */

export interface SlotBounds {
  /** At one time; 0: no bound. */
  readonly limit: number;
  /** Waiting; the next one is turned away. */
  readonly queue: number;
  readonly queueTimeoutMs: number;
}

/** Who may get a turn; told through the callbacks that Slots was made with. */
export class Slots<Waiter extends object> {
  readonly #bounds: () => SlotBounds;
  readonly #onTurn: (waiter: Waiter) => void;
  readonly #onTimeout: (waiter: Waiter) => void;
  readonly #now: () => number;
  /** In order of arrival, with the time of it: a Map gives both order and removal from the middle. */
  readonly #waiting = new Map<Waiter, number>();
  #taken = 0;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly bounds: () => SlotBounds;
    /** A waiter has its turn; it must `giveBack` it. */
    readonly onTurn: (waiter: Waiter) => void;
    readonly onTimeout: (waiter: Waiter) => void;
    /** Monotonic milliseconds. */
    readonly now: () => number;
  }) {
    this.#bounds = options.bounds;
    this.#onTurn = options.onTurn;
    this.#onTimeout = options.onTimeout;
    this.#now = options.now;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Returns `taken` when it is the waiter's turn at once, `waits` when it queues, `full` when it is turned away. */
  take(waiter: Waiter): 'taken' | 'waits' | 'full' {
    const { limit, queue } = this.#bounds();
    if (limit === 0 || (this.#taken < limit && this.#waiting.size === 0)) {
      this.#taken += 1;
      return 'taken';
    }
    if (this.#waiting.size >= queue) return 'full';
    this.#waiting.set(waiter, this.#now());
    this.#sweep ??= setInterval(() => this.#timeOut(), sweepMs).unref();
    return 'waits';
  }

  /** Ends a turn and gives it to whoever has waited longest. */
  giveBack(): void {
    this.#taken -= 1;
    this.admitWaiting();
  }

  /** Takes a waiter out of the queue. */
  leave(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    this.#restIfEmpty();
  }

  /** Gives out turns while there are any: to be called when the bounds have changed. */
  admitWaiting(): void {
    const { limit } = this.#bounds();
    for (const waiter of this.#waiting.keys()) {
      if (limit !== 0 && this.#taken >= limit) break;
      this.#taken += 1;
      this.leave(waiter);
      this.#onTurn(waiter);
    }
  }

  #timeOut(): void {
    const { queueTimeoutMs } = this.#bounds();
    const now = this.#now();
    for (const [waiter, since] of this.#waiting) {
      if (now - since < queueTimeoutMs) break;
      this.leave(waiter);
      this.#onTimeout(waiter);
    }
  }

  #restIfEmpty(): void {
    if (this.#waiting.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}

const sweepMs = 50;
