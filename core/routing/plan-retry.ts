/** Owns whether a request is sent a second time after an attempt that came to nothing, when, and where. */

/**
 * How an attempt ended before any byte of an answer reached the caller:
 * `unsent`: no byte left, the connection was refused or did not come about in time.
 * `unreached`: the sidecar says that it could not connect to its model, which has seen nothing.
 * `full`: the sidecar says that its queue is full, so that the model has seen nothing.
 * `stale`: the request went out on an idle connection that the other side was closing.
 * `lost`: the connection ended after the request had gone out; nobody knows what became of it.
 * `server-error`: 500, 502, 503 or 504 of the model, or of its sidecar about the model.
 * `other`: any answer else, and silence: the model may well be at work.
 */
export type AttemptEnd = 'unsent' | 'unreached' | 'full' | 'stale' | 'lost' | 'server-error' | 'other';

export interface RetryRules {
  /** Most second attempts of one request. */
  readonly attempts: number;
  /** The owner of the endpoint says that a request may be carried out twice. */
  readonly serverErrors: boolean;
}

export interface RetryInput {
  readonly end: AttemptEnd;
  /** The whole body is in memory, or none of it has been sent. */
  readonly isReplayable: boolean;
  /** A pod that has not been tried yet could take the request. */
  readonly hasOther: boolean;
  /** Second attempts so far. */
  readonly attempts: number;
  readonly rules: RetryRules;
  /** Since the request came, in milliseconds. */
  readonly elapsedMs: number;
  /** Pause that the answer asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** 0 ≤ x < 1. */
  readonly random: number;
}

/**
 * `free`: it goes back to where pods are chosen, for it has cost no model anything. `paid`: the same, after `afterMs`
 * and if the endpoint's budget has something left. `no`: this is the end of it.
 */
export type RetryPlan =
  { readonly kind: 'no' | 'free' } | { readonly kind: 'paid'; readonly afterMs: number };

/** From the arrival of a request to its last attempt: who waits longer asks again himself. */
const longestMs = 60_000;
const firstPauseMs = 25;
const longestPauseMs = 1_000;

const no: RetryPlan = { kind: 'no' };
const free: RetryPlan = { kind: 'free' };

/** Returns what to do after an attempt that ended as `end` says. */
export function planRetry(input: RetryInput): RetryPlan {
  const { end, isReplayable, hasOther, attempts, rules } = input;
  if (end === 'unsent') return free;
  if (end === 'other' || !isReplayable) return no;
  if (end === 'unreached') return free;
  if (attempts >= rules.attempts) return no;
  if (end === 'stale') return { kind: 'paid', afterMs: 0 };
  // The same pod would say the same.
  if (end === 'full') return hasOther ? { kind: 'paid', afterMs: 0 } : no;
  return rules.serverErrors ? afterPause(input) : no;
}

function afterPause({ attempts, elapsedMs, retryAfterMs, random }: RetryInput): RetryPlan {
  const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** attempts);
  // Half of it is drawn, so that those who failed together do not come back together.
  const afterMs = (retryAfterMs ?? 0) + pauseMs * (0.5 + random / 2);
  return elapsedMs + afterMs > longestMs ? no : { kind: 'paid', afterMs };
}
