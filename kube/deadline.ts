/** Owns the time limit of one request: a signal that fires when time is up or the caller gives up, and which it was. */

export interface Deadline {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Whether time ran out (and the caller did not give up before). */
  expired(): boolean;
  /** Stops the clock; the caller's own signal keeps its effect, for a stream that outlives its headers. */
  clear(): void;
}

/** Starts a deadline of `timeoutMs` that also fires when `caller` does. */
export function startDeadline(timeoutMs: number, caller?: AbortSignal): Deadline {
  const timer = new AbortController();
  const handle = setTimeout(() => timer.abort(), timeoutMs);
  return {
    signal: caller === undefined ? timer.signal : AbortSignal.any([timer.signal, caller]),
    timeoutMs,
    expired: () => timer.signal.aborted && caller?.aborted !== true,
    clear: () => clearTimeout(handle),
  };
}
