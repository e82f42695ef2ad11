/** Owns the count of one Deployment's demand at one proxy, and its average over the time since the last report. */
import type { DemandEntry } from '../../core/scaling/demand-report.ts';

/** What a report says, and where the meter stood then, so that the next one can begin there. */
export interface DemandReading {
  readonly entry: Pick<DemandEntry, 'inFlight' | 'queued' | 'finished' | 'averageConcurrency'>;
  readonly at: number;
  readonly finishedInAll: number;
  readonly areaInAll: number;
}

export class DemandMeter {
  readonly #now: () => number;
  #inFlight = 0;
  #queued = 0;
  #finished = 0;
  /** Concurrency times milliseconds since the beginning. */
  #area = 0;
  #changedAt: number;
  #reported: { at: number; finished: number; area: number };

  /** `now` gives monotonic milliseconds; `since` is when the time of the first report begins, by default now. */
  constructor(now: () => number, since = now()) {
    this.#now = now;
    this.#changedAt = now();
    this.#reported = { at: since, finished: 0, area: 0 };
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queued;
  }

  change(inFlight: number, queued: number): void {
    this.#integrate();
    this.#inFlight += inFlight;
    this.#queued += queued;
  }

  countFinished(): void {
    this.#finished += 1;
  }

  /** Returns the demand since the last reading that was `confirm`ed: one that got lost is part of the next. */
  read(): DemandReading {
    this.#integrate();
    const { at, finished, area } = this.#reported;
    const elapsed = this.#changedAt - at;
    return {
      entry: {
        inFlight: this.#inFlight,
        queued: this.#queued,
        finished: this.#finished - finished,
        averageConcurrency: elapsed > 0 ? (this.#area - area) / elapsed : this.#inFlight + this.#queued,
      },
      at: this.#changedAt,
      finishedInAll: this.#finished,
      areaInAll: this.#area,
    };
  }

  /** Notes that the receiver has `reading`. */
  confirm(reading: DemandReading): void {
    this.#reported = { at: reading.at, finished: reading.finishedInAll, area: reading.areaInAll };
  }

  #integrate(): void {
    const now = this.#now();
    this.#area += (this.#inFlight + this.#queued) * (now - this.#changedAt);
    this.#changedAt = now;
  }
}
