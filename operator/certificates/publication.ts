/** Owns since when everybody has been told whom to trust: the Secrets of all certificates carry the newest bundle. */
import type { Secret } from '../../kube/kinds.ts';
import { authoritySecretName } from './authority-secret.ts';
import { secretText } from './tls-secret.ts';

/** Lives as long as its process leads: who leads next counts anew, which only delays a rotation. */
export class Publication {
  #bundle: string | undefined;
  #since: number | undefined;

  /** Returns since when all of `secrets` that hold a certificate carry `bundlePem`; undefined while one does not. */
  since(bundlePem: string, secrets: readonly Secret[], now: number): number | undefined {
    const lacks = secrets.some((secret) => {
      if (secret.type !== 'kubernetes.io/tls' || secret.metadata?.name === authoritySecretName) return false;
      return secretText(secret, 'ca.crt') !== bundlePem;
    });
    if (lacks || this.#bundle !== bundlePem) this.#since = undefined;
    this.#bundle = bundlePem;
    if (!lacks) this.#since ??= now;
    return this.#since;
  }
}
