/** Owns asking a pod whether it is ready; the connection stays open, and takes the next request. */
import { awaitReadyPath } from '../sidecar-paths.ts';
import { ask } from '../upstream/ask.ts';
import type { Pod } from './pod.ts';

/** Longer than a sidecar takes to say that it is not ready yet. */
const probeTimeoutMs = 8_000;

/**
 * Returns whether the pod says that it is ready; one that is not takes its time to say so.
 *
 * @throws AppError `UPSTREAM_*` when it says nothing.
 */
export async function probePod(pod: Pod): Promise<boolean> {
  const { status } = await ask(pod.pool, { method: 'GET', path: awaitReadyPath, timeoutMs: probeTimeoutMs });
  return status === 200;
}
