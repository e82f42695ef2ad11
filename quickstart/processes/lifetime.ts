/** Owns how a run ends: what asks for it, the order of the ends, and the deadline after which they are forced. */
export interface Ending {
  readonly name: string;
  /** Ends the thing in good order; resolves when it is gone, also when `force` was what ended it. */
  readonly stop: () => Promise<void>;
  /** Ends the thing at once. */
  readonly force: () => void;
}

/** `npm` passes on the Ctrl-C that the terminal has sent to us as well: what follows so soon is the same one. */
const echoMs = 1_000;

export class Lifetime {
  readonly #endings: Ending[] = [];
  readonly #abort = new AbortController();
  readonly #deadlineMs: number;
  #ended: Promise<void> | undefined;
  #stopAskedAt: number | undefined;
  #reason = '';
  #failed = false;

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** Aborted when the run is to end. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why the run ends, in words; empty while it goes on. */
  get reason(): string {
    return this.#reason;
  }

  /** Whether the run ends because something broke, and not because somebody wanted it. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Adds something that has to end with the run; the last one added ends first. */
  add(ending: Ending): void {
    this.#endings.push(ending);
  }

  /** Resolves when the run is to end. */
  async untilStopped(): Promise<void> {
    if (this.signal.aborted) return;
    await new Promise<void>((resolve) =>
      this.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
  }

  /** Asks for the end of the run; asking again, but for an echo of the first time, forces it. */
  ask(reason: string, cause: 'wish' | 'failure' = 'wish'): void {
    if (this.#stopAskedAt === undefined) {
      this.#failed = cause === 'failure';
      this.#stopAskedAt = performance.now();
      this.#reason = reason;
      this.#abort.abort(new Error(`stopped: ${reason}`));
    } else if (performance.now() - this.#stopAskedAt > echoMs) {
      this.force();
    }
  }

  /** Ends everything in order, last added first, within the deadline; resolves with whether it had to be forced. */
  async end(): Promise<boolean> {
    if (!this.signal.aborted) this.#abort.abort(new Error('stopped: the run is over'));
    this.#ended ??= this.#endInOrder();
    let forced = false;
    const deadline = setTimeout(() => {
      forced = true;
      this.force();
    }, this.#deadlineMs);
    await this.#ended;
    clearTimeout(deadline);
    return forced;
  }

  force(): void {
    for (const ending of this.#endings.toReversed()) ending.force();
  }

  async #endInOrder(): Promise<void> {
    for (const ending of this.#endings.toReversed()) {
      // One that cannot end well must not keep the others alive.
      await ending.stop().catch(() => ending.force());
    }
  }
}

/**
 * Asks `lifetime` to end on Ctrl-C, on the other signals that end a program, and when the program that started this
 * one is gone (a killed npm, a closed editor): nobody is left then who could stop it.
 */
export function endWithSignalsAndParent(lifetime: Lifetime): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => lifetime.ask(signal));
  }
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    lifetime.ask('the program that started it is gone');
  }, 1_000);
  watch.unref();
}
