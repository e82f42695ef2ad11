/** Owns reading an authority that somebody else makes: cert-manager, or a person with a Secret of their own. */
import { createPrivateKey } from 'node:crypto';
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Secret } from '../../kube/kinds.ts';
import { AppError, messageOf } from '../../platform/errors.ts';
import type { SigningAuthority } from './authority-state.ts';
import { certificatesIn, parseCertificate } from './parsed-certificate.ts';
import { secretText } from './tls-secret.ts';

/**
 * Returns the authority in a Secret of type kubernetes.io/tls: the first certificate of `tls.crt` signs, the others lead
 * up to the root in `ca.crt`.
 *
 * @throws AppError `GIVEN_AUTHORITY_INVALID` naming what is wrong and how to put it right.
 */
export function parseGivenAuthority(secret: Secret | undefined, name: string): SigningAuthority {
  try {
    if (secret === undefined) throw new Error('it does not exist (yet)');
    return authorityIn(secret);
  } catch (cause) {
    const message = `the Secret ${name} holds no authority that can be used: ${messageOf(cause)}`;
    throw new AppError('GIVEN_AUTHORITY_INVALID', message, { cause, retryable: true });
  }
}

function authorityIn(secret: Secret): SigningAuthority {
  const [certificatePem, ...above] = certificatesIn(secretText(secret, 'tls.crt'));
  if (certificatePem === undefined) throw new Error('tls.crt holds no certificate');
  const certificate = parseCertificate(certificatePem);
  const key = createPrivateKey(secretText(secret, 'tls.key') ?? '');
  checkSigner(certificate, key);
  const isRoot = certificate.checkIssued(certificate);
  const roots = certificatesIn(secretText(secret, 'ca.crt'));
  if (!isRoot && roots.length === 0) throw new Error('ca.crt lacks the root above it');
  return {
    certificatePem: `${certificatePem}\n`,
    privateKeyPem: key.export({ format: 'pem', type: 'pkcs8' }),
    chainPem: isRoot ? '' : lines([certificatePem, ...above.filter((pem) => !roots.includes(pem))]),
    trustPem: lines(isRoot ? [certificatePem] : roots),
  };
}

function checkSigner(certificate: X509Certificate, key: KeyObject): void {
  if (!certificate.ca) throw new Error('its certificate may not sign others (isCA: true in cert-manager)');
  if (!certificate.checkPrivateKey(key)) throw new Error('tls.key is that of another certificate');
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return;
  throw new Error(
    'its key has to be ECDSA P-256 (privateKey: { algorithm: ECDSA, size: 256 } in cert-manager)',
  );
}

const lines = (pems: readonly string[]): string => pems.map((pem) => `${pem}\n`).join('');
