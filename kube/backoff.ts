/** Owns the waits between attempts at something that keeps failing: growing, jittered, forgotten after good times. */

export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  /** Without a failure for this long, the next one starts at `initialMs` again. */
  readonly resetAfterMs: number;
  readonly random?: () => number;
}

/** The numbers of client-go's reflector. */
export const reflectorBackoff: BackoffOptions = { initialMs: 800, maxMs: 30_000, resetAfterMs: 120_000 };

/** Returns a function from the time of a failure (monotonic milliseconds) to how long to wait: doubling, up to 2 × by jitter. */
export function makeBackoff(options: BackoffOptions): (now: number) => number {
  const { initialMs, maxMs, resetAfterMs, random = Math.random } = options;
  let failures = 0;
  let lastFailureAt = Number.NEGATIVE_INFINITY;
  return (now) => {
    if (now - lastFailureAt > resetAfterMs) failures = 0;
    lastFailureAt = now;
    const base = Math.min(maxMs, initialMs * 2 ** Math.min(failures, 30));
    failures += 1;
    return base * (1 + random());
  };
}
