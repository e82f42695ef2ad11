/** Owns what a sidecar knows of the start of its model: since when it runs, when the model was being fetched, when it could predict. */
import { toldNames } from '../../core/cold-start/start-timeline.ts';
import type { Timing } from '../../core/cold-start/timings.ts';

export class StartTimes {
  readonly #now: () => number;
  #fetchFrom: number | undefined;
  #fetchTo: number | undefined;
  #readyAt: number | undefined;
  /** The model could no longer predict: it begins to load anew. */
  #lostAt: number | undefined;

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

  /** Notes that the model can no longer predict. */
  noteLost(): void {
    this.#lostAt = this.#now();
    this.#readyAt = undefined;
  }

  /** Notes that the model can predict. */
  noteReady(): void {
    this.#readyAt ??= this.#now();
    if (this.#fetchFrom !== undefined) this.#fetchTo ??= this.#readyAt;
  }

  /** Returns what can be told so far. */
  read(): Timing[] {
    const now = this.#now();
    const readyAt = this.#readyAt;
    if (readyAt === undefined) return [[toldNames.started, now]];
    const loadFrom = this.#lostAt ?? this.#fetchTo ?? 0;
    const hasFetched = this.#fetchFrom !== undefined && this.#lostAt === undefined;
    return [
      [toldNames.started, now],
      ...(hasFetched ? [[toldNames.download, loadFrom - (this.#fetchFrom ?? 0)] satisfies Timing] : []),
      [toldNames.load, readyAt - loadFrom],
      [toldNames.ready, now - readyAt],
    ];
  }
}
