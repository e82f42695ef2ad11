/** Owns the Secret of the keys of data-plane tokens: for the operator all of it, for others the part that they mount. */
import * as z from 'zod';
import { annotations, labels } from '../../crds/schema/api.ts';
import { dataPlaneKeySchema } from '../../core/data-plane/token.ts';
import type { DataPlaneKey, SigningKey } from '../../core/data-plane/token.ts';
import type { Secret } from '../../kube/kinds.ts';
import { AppError, messageOf } from '../../platform/errors.ts';
import { secretText } from '../certificates/tls-secret.ts';
import { fieldManager } from '../serving-endpoint/names.ts';
import { publishedKeys } from './key-state.ts';
import type { KeyState } from './key-state.ts';

export const dataPlaneSecretName = 'fairlead-data-plane-keys';

/** `signing.json` is for the token endpoint, `jwks.json` for everybody, `state.json` for the operator alone. */
const stateKey = 'state.json';

const pairSchema = z.object({ publicKey: dataPlaneKeySchema, privateKeyPem: z.string(), since: z.number() });
const stateSchema = z.object({
  current: pairSchema,
  next: pairSchema.optional(),
  retired: z.array(z.object({ publicKey: dataPlaneKeySchema, until: z.number() })),
});

/** Returns the Secret that holds `state`; `requested` is the request for a rotation that stands on it. */
export function makeKeySecret(namespace: string, state: KeyState, requested: string | undefined): Secret {
  const { current, next, retired, rotated } = state;
  const signing: SigningKey = { kid: current.publicKey.kid, privateKeyPem: current.privateKeyPem };
  const published: { readonly keys: DataPlaneKey[] } = { keys: publishedKeys(state) };
  const data = { [stateKey]: { current, next, retired }, 'signing.json': signing, 'jwks.json': published };
  return {
    metadata: {
      name: dataPlaneSecretName,
      namespace,
      labels: { [labels.managedBy]: fieldManager, [labels.partOf]: 'fairlead' },
      annotations: {
        ...(requested === undefined ? {} : { [annotations.rotate]: requested }),
        ...(rotated === undefined ? {} : { [annotations.rotated]: rotated }),
      },
    },
    type: 'Opaque',
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [
        key,
        Buffer.from(JSON.stringify(value)).toString('base64'),
      ]),
    ),
  };
}

/**
 * Returns the state that a Secret holds.
 *
 * @throws AppError `DATA_PLANE_KEYS_INVALID`: other keys would make every token invalid, so a person has to decide.
 */
export function parseKeySecret(secret: Secret): KeyState {
  try {
    const state = stateSchema.parse(JSON.parse(secretText(secret, stateKey) ?? 'null'));
    return { ...state, rotated: secret.metadata?.annotations?.[annotations.rotated] };
  } catch (cause) {
    throw new AppError(
      'DATA_PLANE_KEYS_INVALID',
      `the Secret ${dataPlaneSecretName} cannot be used: ${messageOf(cause)}; restore it, or delete it to have new keys made`,
      { cause },
    );
  }
}
