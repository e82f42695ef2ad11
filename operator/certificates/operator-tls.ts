/** Owns the operator's own certificate as its servers use it: read from its Secret, replaced without a restart. */
import { createSecureContext } from 'node:tls';
import type { Informer } from '../../kube/informer.ts';
import type { Secret } from '../../kube/kinds.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import { operatorSecretName } from './system-names.ts';
import { secretText } from './tls-secret.ts';

export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** Every authority that is trusted. */
  readonly ca: string;
}

export interface OperatorTls {
  /** Resolves once there is a certificate: on a first start the leader has to make it. */
  readonly ready: Promise<void>;
  /** Undefined until `ready`. */
  current(): TlsMaterial | undefined;
  /** Calls back with each new certificate, and at once with the one there is. */
  onChange(listener: (material: TlsMaterial) => void): void;
}

/**
 * Follows the Secret of the operator's certificate. One that cannot be used is passed over: the last good one stays, and
 * the leader writes another.
 */
export function followOperatorTls(
  informer: Pick<Informer<Secret>, 'onChange'>,
  namespace: string,
  log: Logger,
): OperatorTls {
  let material: TlsMaterial | undefined;
  const first = Promise.withResolvers<undefined>();
  const listeners: ((material: TlsMaterial) => void)[] = [];
  informer.onChange(({ type, object }) => {
    const { name, namespace: where } = object.metadata ?? {};
    if (type === 'deleted' || name !== operatorSecretName || where !== namespace) return;
    const next = materialOf(object);
    const problem = next === undefined ? 'a key of it is missing' : problemOf(next);
    if (next === undefined || problem !== undefined) {
      log.warn({ secret: name, cause: problem }, 'certificate cannot be used, waiting for another');
      return;
    }
    material = next;
    first.resolve(undefined);
    for (const listener of listeners) listener(next);
  });
  return {
    ready: first.promise,
    current: () => material,
    onChange: (listener) => {
      listeners.push(listener);
      if (material !== undefined) listener(material);
    },
  };
}

function materialOf(secret: Secret): TlsMaterial | undefined {
  const [cert, key, ca] = ['tls.crt', 'tls.key', 'ca.crt'].map((name) => secretText(secret, name));
  return cert === undefined || key === undefined || ca === undefined ? undefined : { cert, key, ca };
}

function problemOf({ cert, key, ca }: TlsMaterial): string | undefined {
  try {
    createSecureContext({ cert, key, ca });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
