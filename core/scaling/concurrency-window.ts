/** Owns the average of a concurrency over the last seconds, from reports that arrive late and in pieces. */

const bucketMs = 1_000;

/** A ring of one-second buckets, each holding concurrency times milliseconds. */
export class ConcurrencyWindow {
  #buckets: Float64Array;
  #newest: number;
  #startedAt: number;

  /** `windowMs` is the longest average that is asked for usually; `startedAt` is when counting starts. */
  constructor(windowMs: number, startedAt: number) {
    this.#buckets = new Float64Array(Math.ceil(windowMs / bucketMs) + 1);
    this.#newest = Math.floor(startedAt / bucketMs);
    this.#startedAt = startedAt;
  }

  /** Moves the start of the counting back: somebody knows what was before. */
  startAt(startedAt: number): void {
    this.#startedAt = Math.min(this.#startedAt, startedAt);
  }

  /**
   * Adds a concurrency that held on average for the `durationMs` that end at `until`, which is `now` or before. What
   * held before counting started is left out: the average does not divide by that time.
   */
  add(concurrency: number, durationMs: number, now: number, until = now): void {
    this.#advance(now);
    const oldest = (this.#newest - this.#buckets.length + 1) * bucketMs;
    const from = Math.max(until - durationMs, oldest, this.#startedAt);
    for (let start = from; start < until;) {
      const bucket = Math.floor(start / bucketMs);
      const end = Math.min(until, (bucket + 1) * bucketMs);
      const index = this.#indexOf(bucket);
      this.#buckets[index] = (this.#buckets[index] ?? 0) + concurrency * (end - start);
      start = end;
    }
  }

  /**
   * Returns the average over the last `windowMs`. The second that is going on is left out, because its reports are
   * still on their way; time before counting started is left out too, so that a young window does not look idle.
   */
  average(windowMs: number, now: number): number {
    this.#advance(now);
    this.#reach(windowMs);
    const end = this.#newest;
    const begin = end - Math.min(Math.ceil(windowMs / bucketMs), this.#buckets.length - 1);
    let total = 0;
    for (let bucket = begin; bucket < end; bucket += 1) {
      total += this.#buckets[this.#indexOf(bucket)] ?? 0;
    }
    const counted = Math.min((end - begin) * bucketMs, end * bucketMs - this.#startedAt);
    return total / Math.max(counted, bucketMs);
  }

  /** Returns whether the whole of the last `windowMs` was counted. */
  isFull(windowMs: number, now: number): boolean {
    return now - this.#startedAt >= windowMs;
  }

  /** Makes room for a longer window; what was before the ring is lost, and so counting started with the ring. */
  #reach(windowMs: number): void {
    const known = this.#buckets;
    const length = Math.ceil(windowMs / bucketMs) + 1;
    if (length <= known.length) return;
    const oldest = this.#newest - known.length + 1;
    const values = known.map((_value, index) => known[this.#indexOf(oldest + index)] ?? 0);
    this.#buckets = new Float64Array(length);
    for (const [index, value] of values.entries()) this.#buckets[this.#indexOf(oldest + index)] = value;
    this.#startedAt = Math.max(this.#startedAt, oldest * bucketMs);
  }

  /** Counting may have started before the clock did, so a bucket may be negative. */
  #indexOf(bucket: number): number {
    const { length } = this.#buckets;
    return ((bucket % length) + length) % length;
  }

  #advance(now: number): void {
    const current = Math.floor(now / bucketMs);
    const steps = Math.min(current - this.#newest, this.#buckets.length);
    for (let step = 1; step <= steps; step += 1) {
      this.#buckets[this.#indexOf(this.#newest + step)] = 0;
    }
    // After a gap longer than the ring every bucket is zero, whichever index it has.
    if (current > this.#newest) this.#newest = current;
  }
}
