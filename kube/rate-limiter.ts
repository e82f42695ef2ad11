/** Owns how long a failing key waits: exponential for each key, and one token bucket for all of them together. */

export interface RateLimiter {
  /** Counts a failure of `key` and returns the milliseconds that it has to wait. */
  delayOf(key: string): number;
  /** Forgets the failures of `key`: it succeeded, or it is gone. */
  forget(key: string): void;
  failures(key: string): number;
}

export interface RateLimiterOptions {
  readonly baseMs?: number;
  readonly maxMs?: number;
  /** Tokens per second that the bucket gains, and how many it holds. */
  readonly perSecond?: number;
  readonly burst?: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Returns the limiter of client-go's controllers: 5 ms doubling to 1000 s for each key, 10 a second with a burst of 100 over all. */
export function makeRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { baseMs = 5, maxMs = 1_000_000, perSecond = 10, burst = 100, now } = options;
  const failures = new Map<string, number>();
  let tokens = burst;
  let filledAt = now();

  /** Takes a token, on credit where there is none, and returns how long until it is there. */
  const reserve = (): number => {
    const at = now();
    tokens = Math.min(burst, tokens + ((at - filledAt) / 1000) * perSecond) - 1;
    filledAt = at;
    return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
  };
  return {
    delayOf: (key) => {
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      // Beyond 2^60 the power stops mattering and would only lose its meaning as a number.
      const own = Math.min(maxMs, baseMs * 2 ** Math.min(before, 60));
      return Math.max(own, reserve());
    },
    forget: (key) => {
      failures.delete(key);
    },
    failures: (key) => failures.get(key) ?? 0,
  };
}
