/** Owns how many requests of an endpoint may be sent a second time: a share of the first ones, over a sliding window. */

export interface RetryBudgetRules {
  /** Second attempts in percent of the requests of the window; 0: none at all. */
  readonly percent: number;
}

/** The window: so many parts, of so many milliseconds each. */
const parts = 10;
const partMs = 1_000;

/** What a window may have whatever its requests: an endpoint that is seldom asked could not repeat anything else. */
export const leastRetries = 10;

/**
 * Keeps an outage from being multiplied by the attempts to get around it. `now` is in monotonic milliseconds and may
 * stand still, but not go back.
 */
export class RetryBudget {
  readonly #rules: RetryBudgetRules;
  readonly #requests = new Uint32Array(parts);
  readonly #retries = new Uint32Array(parts);
  #requestSum = 0;
  #retrySum = 0;
  /** Number of the newest part since time began. */
  #newest = 0;

  constructor(rules: RetryBudgetRules) {
    this.#rules = rules;
  }

  /** A request has come, for the first time. */
  countRequest(now: number): void {
    const part = this.#partAt(now);
    this.#requests[part] = (this.#requests[part] ?? 0) + 1;
    this.#requestSum += 1;
  }

  /** Takes one second attempt out of the budget; false: there is none left. */
  take(now: number): boolean {
    const part = this.#partAt(now);
    const { percent } = this.#rules;
    const allowed = percent === 0 ? 0 : Math.max(leastRetries, (this.#requestSum * percent) / 100);
    if (this.#retrySum + 1 > allowed) return false;
    this.#retries[part] = (this.#retries[part] ?? 0) + 1;
    this.#retrySum += 1;
    return true;
  }

  /** Returns the index of the part that `now` is in, after forgetting those that have left the window. */
  #partAt(now: number): number {
    const current = Math.max(this.#newest, Math.floor(now / partMs));
    const passed = Math.min(parts, current - this.#newest);
    for (let step = 1; step <= passed; step += 1) this.#forget((this.#newest + step) % parts);
    this.#newest = current;
    return current % parts;
  }

  #forget(part: number): void {
    this.#requestSum -= this.#requests[part] ?? 0;
    this.#retrySum -= this.#retries[part] ?? 0;
    this.#requests[part] = 0;
    this.#retries[part] = 0;
  }
}
