/** Owns how long a model takes to wake, from the times that it has taken. */

/** So many of the last times count: a model that loads faster now is believed soon. */
const remembered = 32;
/** One start on a node that had to be bought first does not speak for all. */
const quantile = 0.95;

export class WakeTimes {
  readonly #measured: number[] = [];
  #usual: number | undefined;
  #told: number | undefined;

  /** A wake-up from zero has taken so many milliseconds, from the first request to the first pod that is ready. */
  note(milliseconds: number): void {
    this.#measured.push(milliseconds);
    if (this.#measured.length > remembered) this.#measured.shift();
    const sorted = this.#measured.toSorted((one, other) => one - other);
    this.#usual = sorted[Math.ceil(sorted.length * quantile) - 1];
  }

  /** Somebody else has measured a start; it counts while nothing is known at first hand. Undefined: nobody has. */
  tell(milliseconds: number | undefined): void {
    this.#told = milliseconds;
  }

  /** Returns the time in milliseconds within which nearly all wake-ups are done; undefined while nobody knows. */
  get expectedMs(): number | undefined {
    return this.#usual ?? this.#told;
  }
}
