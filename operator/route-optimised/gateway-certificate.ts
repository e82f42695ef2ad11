/** Owns whether gateways have a certificate for the Services of a namespace, so that they can stand in there. */
import type { Secret } from '../../kube/kinds.ts';
import { clockSkewMs } from '../../platform/tls/authority.ts';
import { certificatesIn, parseCertificate } from '../certificates/parsed-certificate.ts';
import { secretText } from '../certificates/tls-secret.ts';

/** Nobody tells an endpoint that the certificate has been made. */
const lookAgainMs = 5_000;

/**
 * Returns in how many milliseconds gateways show a certificate for the Services of `namespace`, or when to look again
 * where there is none yet; 0: they do. `mountMs` is the time in which a changed Secret comes to the files of pods.
 */
export function certifiedInMs(
  secret: Secret | undefined,
  namespace: string,
  mountMs: number,
  now: number,
): number {
  const since = coversSince(secret, namespace);
  return since === undefined ? lookAgainMs : Math.max(0, since + mountMs - now);
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
