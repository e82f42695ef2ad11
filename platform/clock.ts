/** Owns the passage of time, so that decisions take it as a value and tests set it by hand. */

export interface Clock {
  /** Wall-clock milliseconds since the Unix epoch: for timestamps that people and other machines read. */
  now(): number;
  /** Milliseconds that only ever grow: for durations and deadlines. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
