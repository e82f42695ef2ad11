/** Owns how long a model takes to wake, from the times that it has taken. */

/** So many of the last times count: a model that loads faster now is believed soon. */
const remembered = 32;
/** One start on a node that had to be bought first does not speak for all. */
const quantile = 0.95;

export class WakeTimes {
  readonly #measured: number[] = [];
  #told: number | undefined;

  /** A wake-up from zero has taken so many milliseconds, from the first request to the first pod that is ready. */
  note(milliseconds: number): void {
    this.#measured.push(milliseconds);
    if (this.#measured.length > remembered) this.#measured.shift();
  }

  /** Somebody else has measured a start; it counts while nothing is known at first hand. Undefined: nobody has. */
  tell(milliseconds: number | undefined): void {
    this.#told = milliseconds;
  }

  /** Returns the time in milliseconds within which nearly all wake-ups are done; undefined while nobody knows. */
  expectedMs(): number | undefined {
    const { length } = this.#measured;
    if (length === 0) return this.#told;
    const sorted = [...this.#measured].sort((one, other) => one - other);
    return sorted[Math.ceil(length * quantile) - 1];
  }
}
