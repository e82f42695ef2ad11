/** Owns whether gateways have a certificate for the Services of a namespace, so that they can stand in there. */
import type { Secret } from '../../kube/kinds.ts';
import type { Clock } from '../../platform/clock.ts';
import { clockSkewMs } from '../../platform/tls/authority.ts';
import { certificatesIn, parseCertificate } from '../certificates/parsed-certificate.ts';
import { directSecretName } from '../certificates/system-names.ts';
import { secretText } from '../certificates/tls-secret.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { Stores } from '../stores.ts';

export interface GatewayCertificateOptions {
  readonly stores: Pick<Stores, 'secrets'>;
  readonly config: Pick<OperatorConfig, 'routeOptimized' | 'systemNamespace'>;
  readonly clock: Clock;
}

/** Nobody tells an endpoint that the certificate has been made. */
const lookAgainMs = 5_000;

export class GatewayCertificate {
  readonly #options: GatewayCertificateOptions;
  /** Since when each namespace has been covered without a break. */
  readonly #since = new Map<string, number>();

  constructor(options: GatewayCertificateOptions) {
    this.#options = options;
  }

  /**
   * Returns in how many milliseconds gateways show a certificate for the Services of `namespace`, or when to look again
   * where there is none yet; 0: they do.
   */
  shownInMs(namespace: string): number {
    const { stores, config, clock } = this.#options;
    const secret = stores.secrets.store.get(`${config.systemNamespace}/${directSecretName}`);
    const covers = coversSince(secret, namespace);
    if (covers === undefined) {
      this.#since.delete(namespace);
      return lookAgainMs;
    }
    // The one before is shown until its successor has come.
    const since = Math.min(covers, this.#since.get(namespace) ?? covers);
    this.#since.set(namespace, since);
    return Math.max(0, since + config.routeOptimized.mountDelay - clock.now());
  }
}

function coversSince(secret: Secret | undefined, namespace: string): number | undefined {
  const [pem] = certificatesIn(secretText(secret, 'tls.crt'));
  if (pem === undefined) return undefined;
  try {
    const certificate = parseCertificate(pem);
    const names = (certificate.subjectAltName ?? '').split(', ');
    if (!names.includes(`DNS:*.${namespace}.svc`)) return undefined;
    // It is valid from a while before it was made.
    return certificate.validFromDate.getTime() + clockSkewMs;
  } catch {
    // Damaged: whoever looks after the foundations makes another one.
    return undefined;
  }
}
