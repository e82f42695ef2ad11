/** Owns what a sidecar knows of its pod's start: since when it runs, when the model was being fetched, when it could predict. */
import { toldNames } from '../../core/cold-start/start-timeline.ts';
import type { Timing } from '../../core/cold-start/timings.ts';

export class StartTimes {
  readonly #now: () => number;
  #fetchFrom: number | undefined;
  #fetchTo: number | undefined;
  #readyAt: number | undefined;

  /** `now` tells milliseconds since the process began. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Notes whether the model is being fetched now, and returns it; once it could predict that makes no difference. */
  noteFetching(isFetching: boolean): boolean {
    if (this.#readyAt !== undefined) return isFetching;
    if (isFetching) {
      this.#fetchFrom ??= this.#now();
      this.#fetchTo = undefined;
    } else if (this.#fetchFrom !== undefined) this.#fetchTo ??= this.#now();
    return isFetching;
  }

  /** Notes that the model can predict; the first time counts. */
  noteReady(): void {
    this.#readyAt ??= this.#now();
    if (this.#fetchFrom !== undefined) this.#fetchTo ??= this.#readyAt;
  }

  /** Returns what can be told so far. */
  read(): Timing[] {
    const now = this.#now();
    const readyAt = this.#readyAt;
    if (readyAt === undefined) return [[toldNames.started, now]];
    const loadFrom = this.#fetchTo ?? 0;
    return [
      [toldNames.started, now],
      ...(this.#fetchFrom === undefined
        ? []
        : [[toldNames.download, loadFrom - this.#fetchFrom] satisfies Timing]),
      [toldNames.load, readyAt - loadFrom],
      [toldNames.ready, now - readyAt],
    ];
  }
}
