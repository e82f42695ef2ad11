/** Owns the keys of data-plane tokens while this process leads: reads them, makes them, hands over to the next. */
import type { DataPlaneKey } from '../../core/data-plane/token.ts';
import { annotations } from '../../crds/schema/api.ts';
import type { KubeClient } from '../../kube/client.ts';
import { secrets } from '../../kube/kinds.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import { writeSystemSecret } from '../certificates/system-secret.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { dataPlaneSecretName, makeKeySecret, parseKeySecret } from './key-secret.ts';
import { dueAt, planKeys, publishedKeys, stepKeys } from './key-state.ts';
import { makeKey } from './make-key.ts';

export interface KeyKeeperOptions {
  readonly client: KubeClient;
  readonly config: Pick<OperatorConfig, 'systemNamespace' | 'dataPlane'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface PublishedKeys {
  readonly keys: readonly DataPlaneKey[];
  /** When time alone makes a next step due, in milliseconds since the epoch. */
  readonly dueAt: number;
}

/**
 * Brings the keys one step further in their life where that is due, and returns those that are published.
 *
 * @throws AppError `DATA_PLANE_KEYS_INVALID`; ApiError.
 */
export async function reconcileDataPlaneKeys(options: KeyKeeperOptions): Promise<PublishedKeys> {
  const { client, config, clock, log } = options;
  const { systemNamespace: namespace, dataPlane } = config;
  const observed = await client.find(secrets, { name: dataPlaneSecretName, namespace });
  let state = observed === undefined ? undefined : parseKeySecret(observed);
  const requested = observed?.metadata?.annotations?.[annotations.rotate];
  const times = {
    now: clock.now(),
    rotationMs: dataPlane.keyRotation,
    propagationMs: dataPlane.propagation,
    requested,
  };
  const step = planKeys(state, times);
  if (step !== 'keep' || state === undefined) {
    state = stepKeys(state, step, times, makeKey);
    await writeSystemSecret(client, observed, makeKeySecret(namespace, state, requested));
    log.info({ step, signs: state.current.publicKey.kid }, 'keys of data-plane tokens changed');
  }
  return { keys: publishedKeys(state), dueAt: dueAt(state, times) };
}
