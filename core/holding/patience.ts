/** Owns how long a request is held, what it is told when that was too long, and when it is told to come again. */

/**
 * What became of a request that could not be sent on at once. `Dispatched`: it was, after all. `RejectedCapacity`: there
 * was no room to hold it, or it had to make room for one with a fairer claim. `RejectedNoEndpoints`: nothing can answer
 * and nothing is coming up. `EvictedTTL`: no replica had room for it in time. `EvictedNoEndpoints`: no replica was ready
 * in time. `ContextCancelled`: its caller went away.
 */
export const holdOutcomes = [
  'Dispatched',
  'RejectedCapacity',
  'RejectedNoEndpoints',
  'EvictedTTL',
  'EvictedNoEndpoints',
  'ContextCancelled',
] as const;
export type HoldOutcome = (typeof holdOutcomes)[number];

export interface Patience {
  /** For a replica that has room, while there are replicas, in milliseconds. */
  readonly queueMs: number;
  /** For a first replica, in milliseconds; 0: it follows from how long the model takes to wake. */
  readonly noEndpointMs: number;
  /** For replicas that are called ready and cannot be reached, in milliseconds. */
  readonly unreachableMs: number;
}

/** All in monotonic milliseconds. */
export interface Waiting {
  readonly since: number;
  /** Since when there have been replicas that can be sent requests; undefined: there are none. */
  readonly availableSince: number | undefined;
  /** Whether replicas are called ready at all. */
  readonly isCalledReady: boolean;
  /** Since when those could not be reached by this request; undefined: it has not come to that. */
  readonly unreachableSince: number | undefined;
  /** How long the model takes to wake, as far as is known. */
  readonly expectedWakeMs: number | undefined;
}

/** The time limit of the field's REST contract for a whole request; nobody waits longer for a start. */
export const longestWakeMs = 297_000;
/** A wake-up that takes three times as long as nearly all before has come to nothing. */
const wakeMargin = 3;
/** Less is not given up: a fast start is no promise that the next node has the image already. */
const shortestWakeMs = 60_000;

/** Returns until when a request is held, in monotonic milliseconds, and what it is told then. */
export function holdLimit(waiting: Waiting, patience: Patience): { until: number; outcome: HoldOutcome } {
  const { since, availableSince, isCalledReady, unreachableSince } = waiting;
  if (availableSince !== undefined) {
    return { until: Math.max(since, availableSince) + patience.queueMs, outcome: 'EvictedTTL' };
  }
  const wakeUntil = since + wakePatience(waiting.expectedWakeMs, patience);
  const until =
    isCalledReady && unreachableSince !== undefined
      ? Math.min(wakeUntil, unreachableSince + patience.unreachableMs)
      : wakeUntil;
  return { until, outcome: 'EvictedNoEndpoints' };
}

function wakePatience(expectedWakeMs: number | undefined, { noEndpointMs }: Patience): number {
  if (noEndpointMs > 0) return noEndpointMs;
  if (expectedWakeMs === undefined) return longestWakeMs;
  return Math.min(longestWakeMs, Math.max(shortestWakeMs, wakeMargin * expectedWakeMs));
}

/** What is told while nobody knows how long the model takes. */
const unknownWakeMs = 10_000;
/** A wake-up that is overdue may end at any time; by this share of its usual length it is asked for again. */
const overdueShare = 0.1;
const jitterShare = 0.2;

/**
 * Returns in how many seconds (a whole number, which SDKs need) to come again: when the wake-up should be over, and up
 * to a fifth later, so that not all come at once. `elapsedMs` is the time since the wake-up began; undefined: replicas
 * are there, and room may be found any moment. `random`: 0 ≤ x < 1.
 */
export function retryAfterSeconds(
  elapsedMs: number | undefined,
  expectedWakeMs: number | undefined,
  random: number,
): number {
  const expected = expectedWakeMs ?? unknownWakeMs;
  const leftMs = elapsedMs === undefined ? 0 : Math.max(expected - elapsedMs, expected * overdueShare);
  const seconds = (Math.max(1_000, leftMs) / 1_000) * (1 + random * jitterShare);
  return Math.min(longestWakeMs / 1_000, Math.ceil(seconds));
}
