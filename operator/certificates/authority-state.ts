/** Owns the life of the certificate authority: its first day, its successor, and the hand-over between the two. */
import { X509Certificate } from 'node:crypto';
import type { Secret } from '../../kube/kinds.ts';
import { AppError, messageOf } from '../../platform/errors.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import { renewalTime } from './check-certificate.ts';
import { parseCertificate } from './parsed-certificate.ts';

export interface AuthorityState {
  /** Signs. */
  readonly current: KeyPair;
  /** Is trusted already and will sign once everybody has had time to learn of it. */
  readonly next?: KeyPair;
  /** Signed before; is trusted for as long as what it signed may live. */
  readonly previousPem?: string;
}

export type AuthorityStep = 'keep' | 'createFirst' | 'createNext' | 'promoteNext' | 'forgetPrevious';

/** Returns the next step in the life of the authority. */
export function planAuthority(
  state: AuthorityState | undefined,
  options: { readonly now: number; readonly propagationMs: number },
): AuthorityStep {
  if (state === undefined) return 'createFirst';
  const { now, propagationMs } = options;
  if (state.next !== undefined) {
    const trustedSince = validFrom(state.next.certificatePem);
    return now >= trustedSince + propagationMs ? 'promoteNext' : 'keep';
  }
  if (now >= renewalTime(parseCertificate(state.current.certificatePem))) return 'createNext';
  if (state.previousPem !== undefined && now >= validTo(state.previousPem)) return 'forgetPrevious';
  return 'keep';
}

/** Returns every authority that is to be trusted, as one PEM bundle. */
export function trustBundle({ current, next, previousPem }: AuthorityState): string {
  return [current.certificatePem, next?.certificatePem, previousPem]
    .filter((pem) => pem !== undefined)
    .map((pem) => `${pem.trim()}\n`)
    .join('');
}

/** Returns what the Secret of the authority holds, as text by key. */
export function authorityData(state: AuthorityState): Record<string, string> {
  const { current, next, previousPem } = state;
  return {
    'tls.crt': current.certificatePem,
    'tls.key': current.privateKeyPem,
    'ca.crt': trustBundle(state),
    ...(next === undefined ? {} : { 'next.crt': next.certificatePem, 'next.key': next.privateKeyPem }),
    ...(previousPem === undefined ? {} : { 'previous.crt': previousPem }),
  };
}

/**
 * Returns the authority that a Secret holds.
 *
 * @throws AppError `AUTHORITY_SECRET_INVALID`: making another authority over a damaged one would cut every connection,
 * so a person has to decide.
 */
export function parseAuthority(secret: Secret): AuthorityState {
  const text = (key: string): string | undefined => {
    const value = secret.data?.[key];
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
  };
  const current = pairOf(text('tls.crt'), text('tls.key'));
  const next = pairOf(text('next.crt'), text('next.key'));
  const previousPem = text('previous.crt');
  if (current === undefined) throw invalid('it needs the keys tls.crt and tls.key');
  try {
    for (const pem of [current.certificatePem, next?.certificatePem, previousPem]) {
      if (pem !== undefined) new X509Certificate(pem);
    }
  } catch (error) {
    throw invalid(messageOf(error));
  }
  return {
    current,
    ...(next === undefined ? {} : { next }),
    ...(previousPem === undefined ? {} : { previousPem }),
  };
}

const pairOf = (certificatePem?: string, privateKeyPem?: string): KeyPair | undefined =>
  certificatePem === undefined || privateKeyPem === undefined ? undefined : { certificatePem, privateKeyPem };

const invalid = (why: string): AppError =>
  new AppError(
    'AUTHORITY_SECRET_INVALID',
    `the Secret of the certificate authority cannot be used: ${why}; restore it, or delete it to have a new authority made`,
  );

const validFrom = (pem: string): number => new X509Certificate(pem).validFromDate.getTime();
const validTo = (pem: string): number => new X509Certificate(pem).validToDate.getTime();
