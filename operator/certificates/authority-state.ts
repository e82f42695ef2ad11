/** Owns the life of the certificate authority: its first day, its successor, and the hand-over between the two. */
import type { KeyPair } from '../../platform/tls/authority.ts';
import { renewalTime } from './check-certificate.ts';
import { certificatesIn, parseCertificate } from './parsed-certificate.ts';

/** An authority that can sign. */
export interface SigningAuthority extends KeyPair {
  /** Sent behind each certificate that it signs: the way up to what is trusted; empty where it is trusted itself. */
  readonly chainPem: string;
  /** What is trusted for its sake: itself, or the root above it. */
  readonly trustPem: string;
}

export interface AuthorityState {
  /** Signs. */
  readonly current: SigningAuthority;
  /** Is trusted, since that time (milliseconds since the epoch), and will sign once everybody has learnt of it. */
  readonly next?: (SigningAuthority & { readonly since: number }) | undefined;
  /** What was trusted for the sake of earlier ones: for as long as what they signed may live. PEM, the last one first. */
  readonly previousPem?: string | undefined;
  /** The request for a rotation that was carried out last. */
  readonly rotated?: string | undefined;
}

export type AuthorityStep = 'keep' | 'createFirst' | 'createNext' | 'promoteNext' | 'forgetPrevious';

export interface AuthorityEvidence {
  readonly now: number;
  readonly propagationMs: number;
  /** Since when every certificate's Secret carries the trust in the next one; undefined: one does not yet. */
  readonly publishedSince: number | undefined;
  /** A rotation that somebody asks for; a new value is a new request. */
  readonly requested?: string | undefined;
  /** The authority that somebody else (cert-manager, a person) makes and renews; undefined: it is our own business. */
  readonly given?: SigningAuthority | undefined;
}

/** Secrets reach the files of pods within this time, whatever `propagation` says beyond it. */
const mountedMs = 150_000;
/** After so many times `propagation`, one Secret that cannot be written holds up the rotation no longer. */
const patience = 24;
/** More rotations than these within one life are no plan but an accident. */
const mostPrevious = 3;

/** Returns the next step in the life of the authority. */
export function planAuthority(state: AuthorityState | undefined, evidence: AuthorityEvidence): AuthorityStep {
  if (state === undefined) return 'createFirst';
  const { now, given } = evidence;
  const { current, next } = state;
  if (
    given !== undefined &&
    ![current, next].some((known) => known?.certificatePem === given.certificatePem)
  ) {
    return 'createNext';
  }
  if (next !== undefined) return isKnownEverywhere(next.since, evidence) ? 'promoteNext' : 'keep';
  if (given === undefined && isDue(state, evidence)) return 'createNext';
  const isOver = certificatesIn(state.previousPem).some((pem) => now >= validTo(pem));
  return isOver ? 'forgetPrevious' : 'keep';
}

function isDue({ current, rotated }: AuthorityState, { now, requested }: AuthorityEvidence): boolean {
  if (requested !== undefined && requested !== rotated) return true;
  return now >= renewalTime(parseCertificate(current.certificatePem));
}

function isKnownEverywhere(
  since: number,
  { now, propagationMs, publishedSince }: AuthorityEvidence,
): boolean {
  if (now >= since + patience * propagationMs) return true;
  if (publishedSince === undefined || now < since + propagationMs) return false;
  return now >= publishedSince + Math.min(propagationMs, mountedMs);
}

/** Returns the state after `step`; `created` is the authority that the step calls for. */
export function stepAuthority(
  state: AuthorityState | undefined,
  step: AuthorityStep,
  { now, requested }: AuthorityEvidence,
  created: SigningAuthority | undefined,
): AuthorityState {
  if (state === undefined || step === 'createFirst') {
    if (created === undefined) throw new Error('there is no authority to begin with');
    return { current: created, rotated: requested };
  }
  if (step === 'createNext' && created !== undefined) {
    return { ...state, next: { ...created, since: now }, rotated: requested };
  }
  const { current, next } = state;
  const isAlive = (pem: string): boolean => now < validTo(pem);
  const earlier = certificatesIn(state.previousPem).filter(isAlive);
  if (step !== 'promoteNext' || next === undefined) return { ...state, previousPem: joined(earlier) };
  const { since: _since, ...promoted } = next;
  const previous = [...certificatesIn(current.trustPem), ...earlier].slice(0, mostPrevious);
  return { ...state, current: promoted, next: undefined, previousPem: joined(previous) };
}

/** Returns when time alone makes a next step due, in milliseconds since the epoch. */
export const authorityDueAt = ({ current, next }: AuthorityState, propagationMs: number): number =>
  next === undefined ? renewalTime(parseCertificate(current.certificatePem)) : next.since + propagationMs;

/** Returns every authority that is to be trusted, as one PEM bundle. */
export function trustBundle({ current, next, previousPem }: AuthorityState): string {
  const all = [current.trustPem, next?.trustPem, previousPem].flatMap(certificatesIn);
  return joined([...new Set(all)]) ?? '';
}

const joined = (pems: readonly string[]): string | undefined =>
  pems.length === 0 ? undefined : pems.map((pem) => `${pem}\n`).join('');

const validTo = (pem: string): number => parseCertificate(pem).validToDate.getTime();
