/** Owns the count of one Deployment's demand at one proxy, and its average over the time since the last report. */
import { historyMs } from '../../core/scaling/demand-report.ts';
import type { DemandEntry, DemandStretch } from '../../core/scaling/demand-report.ts';

/** What a report says, and where the meter stood then, so that the next one can begin there. */
export interface DemandReading {
  readonly entry: Pick<
    DemandEntry,
    'inFlight' | 'queued' | 'finished' | 'averageConcurrency' | 'idleMs' | 'history'
  >;
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
  /** When there was demand last; before there was any, when the counting began. */
  #busyAt: number;
  /** What has been heard, oldest first. */
  #history: DemandStretch[] = [];

  /** `now` gives monotonic milliseconds; `since` is when the time of the first report begins, by default now. */
  constructor(now: () => number, since = now()) {
    this.#now = now;
    this.#changedAt = now();
    this.#busyAt = this.#changedAt;
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
    this.#busyAt = this.#now();
  }

  /**
   * Returns the demand since the last reading that was `confirm`ed: one that got lost is part of the next. Whoever has
   * not heard any is told what was before it as well (`withHistory`).
   */
  read(withHistory = false): DemandReading {
    this.#integrate();
    const { finished } = this.#reported;
    return {
      entry: {
        inFlight: this.#inFlight,
        queued: this.#queued,
        finished: this.#finished - finished,
        averageConcurrency: this.#averageUntil(this.#changedAt, this.#area),
        idleMs: Math.round(this.#changedAt - this.#busyAt),
        ...(withHistory ? { history: this.#history } : {}),
      },
      at: this.#changedAt,
      finishedInAll: this.#finished,
      areaInAll: this.#area,
    };
  }

  /** Notes that the receiver has `reading`. */
  confirm(reading: DemandReading): void {
    const stretch = {
      averageConcurrency: this.#averageUntil(reading.at, reading.areaInAll),
      durationMs: reading.at - this.#reported.at,
    };
    this.#history = withStretch(this.#history, stretch);
    this.#reported = { at: reading.at, finished: reading.finishedInAll, area: reading.areaInAll };
  }

  #averageUntil(until: number, areaInAll: number): number {
    const { at, area } = this.#reported;
    return until > at ? (areaInAll - area) / (until - at) : this.#inFlight + this.#queued;
  }

  #integrate(): void {
    const now = this.#now();
    if (this.#inFlight + this.#queued > 0) this.#busyAt = now;
    this.#area += (this.#inFlight + this.#queued) * (now - this.#changedAt);
    this.#changedAt = now;
  }
}

/** Returns the history with a stretch after it, as long as it may be; stretches of one level become one. */
function withStretch(history: readonly DemandStretch[], next: DemandStretch): DemandStretch[] {
  const last = history.at(-1);
  const joined = last?.averageConcurrency === next.averageConcurrency ? last.durationMs : 0;
  const stretches = [
    ...(joined > 0 ? history.slice(0, -1) : history),
    { ...next, durationMs: joined + next.durationMs },
  ];
  const kept: DemandStretch[] = [];
  let roomMs = historyMs;
  for (const stretch of stretches.toReversed()) {
    const durationMs = Math.min(stretch.durationMs, roomMs);
    roomMs -= durationMs;
    if (durationMs > 0) kept.unshift({ ...stretch, durationMs });
  }
  // Reports outside of the interval (a request was held) make more stretches than there are seconds.
  return kept.slice(-Math.floor(historyMs / 1000));
}
