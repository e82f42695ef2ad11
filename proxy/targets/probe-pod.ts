/** Owns asking a pod whether it is ready; the connection stays open, and takes the next request. */
import { timelineOf } from '../../core/cold-start/start-timeline.ts';
import { parseTimings } from '../../core/cold-start/timings.ts';
import type { Clock } from '../../platform/clock.ts';
import { headerOf } from '../http1/header-of.ts';
import { awaitReadyPath, startTimesHeader } from '../sidecar-paths.ts';
import { ask } from '../upstream/ask.ts';
import type { Pod } from './pod.ts';

/** Longer than a sidecar takes to say that it is not ready yet. */
const probeTimeoutMs = 8_000;

/**
 * Returns whether the pod says that it is ready, and notes how it has started; one that is not takes its time to say so.
 *
 * @throws AppError `UPSTREAM_*` when it says nothing.
 */
export async function probePod(pod: Pod, clock: Clock): Promise<boolean> {
  const { status, headers } = await ask(pod.pool, {
    method: 'GET',
    path: awaitReadyPath,
    timeoutMs: probeTimeoutMs,
  });
  if (status !== 200) return false;
  pod.start = timelineOf(parseTimings(headerOf(headers, startTimesHeader)), pod.seenAt, clock.monotonic());
  return true;
}
