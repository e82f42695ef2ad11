/** Owns the clock of updates: the time that counts is that in which the endpoint was worked on (ADR 10). */
import { conditionTypes } from '../../crds/schema/condition.ts';
import type { ServingEndpointStatus } from '../../crds/schema/serving-endpoint.ts';

/** A shorter break counts as work: a change of the leader or a call that fails is no reason to begin anew. */
const shortestBreakMs = 60_000;

/**
 * Returns since when a leader that begins at `now` and the one before it have been at work without a break: minus
 * infinity where there was none, as far as this one can tell.
 *
 * @param lastHeldAt - when the lease was held last; undefined where nobody knows.
 */
export function atWorkSince(lastHeldAt: number | undefined, now: number): number {
  return lastHeldAt !== undefined && now - lastHeldAt < shortestBreakMs ? -Infinity : now;
}

/** What one leader knows of the breaks in its work. Times are in milliseconds since the epoch. */
export class UpdateClock {
  readonly #leadingSince: number;
  /** By key: since when no reconcile has got through. */
  readonly #failingSince = new Map<string, number>();

  /** `leadingSince` as `atWorkSince` returns it. */
  constructor(leadingSince: number) {
    this.#leadingSince = leadingSince;
  }

  /** Returns since when the endpoint has been worked on, should the reconcile that begins now get through. */
  workedSince(key: string, status: ServingEndpointStatus | undefined, now: number): number {
    const failingSince = this.#failingSince.get(key);
    const wasFailing = failingSince !== undefined && now - failingSince >= shortestBreakMs;
    return wasFailing || wasBlocked(status) ? now : this.#leadingSince;
  }

  /** Notes a reconcile that ended in an error. */
  noteFailure(key: string, now: number): void {
    if (!this.#failingSince.has(key)) this.#failingSince.set(key, now);
  }

  /** Notes a reconcile that got through, be it because there is nothing left to do. */
  noteSuccess(key: string): void {
    this.#failingSince.delete(key);
  }
}

/** Of an endpoint that nothing can be done for (its name is taken, say) nothing is claimed about its update. */
const wasBlocked = ({ conditions = [] }: ServingEndpointStatus = {}): boolean =>
  conditions.length > 0 && !conditions.some(({ type }) => type === conditionTypes.configUpdate);
