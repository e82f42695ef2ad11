/** Owns how long a crashed container waits before it is started again. Pure. */

export interface BackOffLimits {
  readonly initialMs: number;
  readonly longestMs: number;
}

/** Kubernetes' own: 10 s, doubled to 5 minutes. */
export const defaultBackOff: BackOffLimits = { initialMs: 10_000, longestMs: 300_000 };

/** What the container's past restarts have led to. */
export interface BackOff {
  readonly delayMs: number;
  /** When the last restart was made, in milliseconds since the epoch. */
  readonly at: number;
}

/** A container that lived for twice the longest delay since its last restart is forgiven. */
const isForgiven = (backOff: BackOff, finishedAt: number, limits: BackOffLimits): boolean =>
  finishedAt - backOff.at > 2 * limits.longestMs;

/** Returns when a container that ended at `finishedAt` may start again: the first time at once, as kubelet does. */
export function restartAt(backOff: BackOff | undefined, finishedAt: number, limits: BackOffLimits): number {
  if (backOff === undefined || isForgiven(backOff, finishedAt, limits)) return finishedAt;
  return finishedAt + backOff.delayMs;
}

/** Returns the state after a restart that was made at `now`. */
export function afterRestart(
  backOff: BackOff | undefined,
  finishedAt: number,
  now: number,
  limits: BackOffLimits,
): BackOff {
  if (backOff === undefined || isForgiven(backOff, finishedAt, limits)) {
    return { delayMs: limits.initialMs, at: now };
  }
  return { delayMs: Math.min(backOff.delayMs * 2, limits.longestMs), at: now };
}

/** Returns a duration as Go writes it: `10s`, `2m40s`, `300ms`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1_000) return `${milliseconds}ms`;
  const seconds = Math.round(milliseconds / 1_000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}
