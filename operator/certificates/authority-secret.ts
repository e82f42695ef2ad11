/** Owns the Secret of the certificate authority: how its state is written there and read again. */
import { annotations } from '../../crds/schema/api.ts';
import type { Secret } from '../../kube/kinds.ts';
import { AppError, messageOf } from '../../platform/errors.ts';
import { trustBundle } from './authority-state.ts';
import type { AuthorityState, SigningAuthority } from './authority-state.ts';
import { parseCertificate } from './parsed-certificate.ts';
import { secretText, tlsSecret } from './tls-secret.ts';

export const authoritySecretName = 'fairlead-ca';

/** Returns the Secret that holds `state`; `requested` is the request for a rotation that stands on it. */
export function makeAuthoritySecret(namespace: string, state: AuthorityState, requested?: string): Secret {
  const { current, next, previousPem, rotated } = state;
  const requests = [
    [annotations.rotate, requested],
    [annotations.rotated, rotated],
  ].filter((entry): entry is [string, string] => entry[1] !== undefined);
  return tlsSecret(
    { name: authoritySecretName, namespace, annotations: Object.fromEntries(requests) },
    {
      ...pairData('tls', '', current),
      'ca.crt': trustBundle(state),
      ...(next === undefined ? {} : pairData('next', 'next-', next)),
      ...(next === undefined ? {} : { 'next.since': new Date(next.since).toISOString() }),
      ...(previousPem === undefined ? {} : { 'previous.crt': previousPem }),
    },
  );
}

/** Most authorities are trusted themselves: then there is no more to write than certificate and key. */
function pairData(name: string, prefix: string, authority: SigningAuthority): Record<string, string> {
  const { certificatePem, privateKeyPem, chainPem, trustPem } = authority;
  return {
    [`${name}.crt`]: certificatePem,
    [`${name}.key`]: privateKeyPem,
    ...(chainPem === '' ? {} : { [`${prefix}chain.crt`]: chainPem, [`${prefix}trust.crt`]: trustPem }),
  };
}

/**
 * Returns the authority that a Secret holds.
 *
 * @throws AppError `AUTHORITY_SECRET_INVALID`: making another authority over a damaged one would cut every connection,
 * so a person has to decide.
 */
export function parseAuthoritySecret(secret: Secret): AuthorityState {
  const current = pairOf(secret, 'tls', '');
  const next = pairOf(secret, 'next', 'next-');
  const previousPem = secretText(secret, 'previous.crt');
  if (current === undefined) throw invalid('it needs the keys tls.crt and tls.key');
  try {
    for (const pem of [current.certificatePem, next?.certificatePem, previousPem]) {
      if (pem !== undefined) parseCertificate(pem);
    }
  } catch (error) {
    throw invalid(messageOf(error));
  }
  const since = Date.parse(secretText(secret, 'next.since') ?? '');
  return {
    current,
    // A Secret of an earlier version does not say since when; its certificate says not much less.
    ...(next === undefined
      ? {}
      : { next: { ...next, since: Number.isNaN(since) ? validFrom(next.certificatePem) : since } }),
    ...(previousPem === undefined ? {} : { previousPem }),
    rotated: secret.metadata?.annotations?.[annotations.rotated],
  };
}

function pairOf(secret: Secret, name: string, prefix: string): SigningAuthority | undefined {
  const certificatePem = secretText(secret, `${name}.crt`);
  const privateKeyPem = secretText(secret, `${name}.key`);
  if (certificatePem === undefined || privateKeyPem === undefined) return undefined;
  return {
    certificatePem,
    privateKeyPem,
    chainPem: secretText(secret, `${prefix}chain.crt`) ?? '',
    trustPem: secretText(secret, `${prefix}trust.crt`) ?? certificatePem,
  };
}

const invalid = (why: string): AppError =>
  new AppError(
    'AUTHORITY_SECRET_INVALID',
    `the Secret of the certificate authority cannot be used: ${why}; restore it, or delete it to have a new authority made`,
  );

const validFrom = (pem: string): number => parseCertificate(pem).validFromDate.getTime();
