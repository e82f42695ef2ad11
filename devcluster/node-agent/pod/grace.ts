/** Owns the time that a pod's processes have to end: it can be shortened, never extended. */
/** Timers cannot wait for longer (some 24 days): one that should would ring at once. */
const longestMs = 2 ** 31 - 1;

export class Grace {
  readonly expired: Promise<void>;
  #deadline: number;
  #timer: NodeJS.Timeout | undefined;
  #expire: () => void = () => undefined;

  constructor(milliseconds: number) {
    this.expired = new Promise((resolve) => {
      this.#expire = resolve;
    });
    this.#deadline = Infinity;
    this.shorten(milliseconds);
  }

  get leftMs(): number {
    return Math.max(0, this.#deadline - performance.now());
  }

  /** Makes the grace end in `milliseconds`, if that is earlier than now planned. */
  shorten(milliseconds: number): void {
    const delay = Math.min(milliseconds, longestMs);
    const deadline = performance.now() + delay;
    if (deadline >= this.#deadline) return;
    this.#deadline = deadline;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#expire, delay);
  }

  /** Lets go of the timer when nothing waits any more. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}
