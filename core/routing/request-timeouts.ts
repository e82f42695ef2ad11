/** Owns the time limits of the requests of one endpoint: its own ones, and those of the configuration where it has none. */
import type { Routing } from '../../crds/schema/routing.ts';
import { parseDuration } from '../duration.ts';

/** In milliseconds; 0: none. */
export interface RequestTimeouts {
  readonly totalMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
}

/**
 * Returns the limits that hold for an endpoint that asks for `given`. Where it asks for the whole only, the first byte
 * may take as long as the whole.
 */
export function requestTimeouts(given: Routing['timeouts'], configured: RequestTimeouts): RequestTimeouts {
  if (given === undefined) return configured;
  const { total, firstByte, idle } = given;
  const totalMs = total === undefined ? configured.totalMs : parseDuration(total);
  const firstByteMs =
    total === undefined ? configured.firstByteMs : Math.max(configured.firstByteMs, totalMs);
  return {
    totalMs,
    firstByteMs: firstByte === undefined ? firstByteMs : parseDuration(firstByte),
    idleMs: idle === undefined ? configured.idleMs : parseDuration(idle),
  };
}
