/** Owns how long the requests of an endpoint may take at its pods, and what that means for their end. */
import { requestTimeouts } from '../../../core/routing/request-timeouts.ts';
import type { RequestTimeouts } from '../../../core/routing/request-timeouts.ts';
import type { Blueprint } from './blueprint.ts';

/** Beyond the longest request: for the answer's last bytes. */
const drainMarginMs = 3_000;

/** Returns the time limits of a request at a pod. */
export function timeoutsOf({ timeouts, config: { sidecar } }: Blueprint): RequestTimeouts {
  return requestTimeouts(timeouts, {
    totalMs: sidecar.totalTimeout,
    firstByteMs: sidecar.firstByteTimeout,
    idleMs: sidecar.idleTimeout,
  });
}

/** Returns how long a pod may take to let go, in milliseconds: a request that was taken on is answered. */
export function drainMaxMs(blueprint: Blueprint): number {
  const { sidecar } = blueprint.config;
  const asked = blueprint.timeouts?.total === undefined ? 0 : timeoutsOf(blueprint).totalMs + drainMarginMs;
  return Math.max(sidecar.drainMax, asked);
}
