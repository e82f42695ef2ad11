/** Owns the wait for a ServingEndpoint: what to say meanwhile, and when waiting longer cannot help. */
import { setTimeout as delay } from 'node:timers/promises';
import { conditionTypes } from '../../crds/schema/condition.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { KubeClient } from '../../kube/client.ts';
import { servingEndpoints } from '../../kube/kinds.ts';
import type { ObjectRef } from '../../kube/resource.ts';
import { AppError } from '../../platform/errors.ts';
import type { Note } from '../progress.ts';

export type Progression =
  | { readonly state: 'ready' }
  | { readonly state: 'waiting'; readonly why: string }
  | { readonly state: 'failed'; readonly why: string };

/** Returns how far the endpoint is on the way to serving its newest spec. */
export function progressionOf({ status = {}, metadata }: ServingEndpoint): Progression {
  if (status.observedGeneration !== metadata.generation) {
    return { state: 'waiting', why: 'the operator has not seen it yet' };
  }
  const find = (type: string) => status.conditions?.find((condition) => condition.type === type);
  const ready = find(conditionTypes.ready);
  const blocking = [find(conditionTypes.configUpdate), ready].find(
    (condition) => condition?.status === 'False',
  );
  const why = blocking?.message ?? 'no condition is set yet';
  if (find(conditionTypes.stalled)?.status === 'True') return { state: 'failed', why };
  return ready?.status === 'True' && status.pending === undefined
    ? { state: 'ready' }
    : { state: 'waiting', why };
}

/**
 * Waits until the endpoint serves its newest spec.
 *
 * @throws AppError `ENDPOINT_FAILED` with the cause, `ENDPOINT_NOT_READY` after `timeoutMs`, each with where to look;
 *   the abort reason of `signal`.
 */
export async function waitUntilReady(
  client: KubeClient,
  ref: ObjectRef,
  options: {
    readonly timeoutMs: number;
    readonly logs: string;
    readonly signal: AbortSignal;
    readonly note: Note;
  },
): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const progression = progressionOf(await client.get(servingEndpoints, ref, { signal: options.signal }));
    if (progression.state === 'ready') return;
    const look = `the logs of its pods are in ${options.logs}`;
    if (progression.state === 'failed') {
      throw new AppError('ENDPOINT_FAILED', `${ref.name} cannot be served: ${progression.why}\n${look}`);
    }
    if (performance.now() > deadline) {
      throw new AppError(
        'ENDPOINT_NOT_READY',
        `${ref.name} was not Ready after ${options.timeoutMs / 1_000} s: ${progression.why}\n${look}`,
      );
    }
    options.note(progression.why);
    await delay(100, undefined, { signal: options.signal });
  }
}
