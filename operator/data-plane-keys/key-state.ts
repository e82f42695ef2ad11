/** Owns the life of the keys of data-plane tokens: published before one signs, kept until its last token is over. */
import { dataPlaneTokenMs } from '../../core/data-plane/token.ts';
import type { DataPlaneKey } from '../../core/data-plane/token.ts';

export interface KeyPair {
  readonly publicKey: DataPlaneKey;
  readonly privateKeyPem: string;
}

/** Times are milliseconds since the epoch. */
export interface KeyState {
  /** Signs, since that time. */
  readonly current: KeyPair & { readonly since: number };
  /** Is published, since that time, and will sign once everybody has had time to learn of it. */
  readonly next?: (KeyPair & { readonly since: number }) | undefined;
  /** Signed before; are known until that time, when their last token is over. */
  readonly retired: readonly { readonly publicKey: DataPlaneKey; readonly until: number }[];
  /** The request for a rotation that was carried out last. */
  readonly rotated?: string | undefined;
}

export type KeyStep = 'keep' | 'createFirst' | 'createNext' | 'promoteNext' | 'forgetRetired';

export interface KeyTimes {
  readonly now: number;
  readonly rotationMs: number;
  readonly propagationMs: number;
  /** A rotation that somebody asks for; a new value is a new request. */
  readonly requested: string | undefined;
}

/** By how much the clocks of those who sign and those who verify may differ. */
const clockSkewMs = 5 * 60_000;

/** Returns the next step in the life of the keys. */
export function planKeys(state: KeyState | undefined, times: KeyTimes): KeyStep {
  if (state === undefined) return 'createFirst';
  const { now, rotationMs, propagationMs, requested } = times;
  if (state.next !== undefined) return now >= state.next.since + propagationMs ? 'promoteNext' : 'keep';
  if (requested !== undefined && requested !== state.rotated) return 'createNext';
  if (now >= state.current.since + rotationMs) return 'createNext';
  return state.retired.some(({ until }) => now >= until) ? 'forgetRetired' : 'keep';
}

/** Returns the state after `step`; `create` makes a key. */
export function stepKeys(
  state: KeyState | undefined,
  step: KeyStep,
  times: KeyTimes,
  create: () => KeyPair,
): KeyState {
  const { now, propagationMs, requested } = times;
  if (state === undefined) return { current: { ...create(), since: now }, retired: [], rotated: requested };
  const { current, next, retired } = state;
  if (step === 'createNext') return { ...state, next: { ...create(), since: now }, rotated: requested };
  if (step === 'promoteNext' && next !== undefined) {
    // Until it has learnt of its successor, a token endpoint goes on signing with it.
    const until = now + propagationMs + dataPlaneTokenMs + clockSkewMs;
    return {
      ...state,
      current: { ...next, since: now },
      next: undefined,
      retired: [...retired, { publicKey: current.publicKey, until }],
    };
  }
  return { ...state, retired: retired.filter(({ until }) => now < until) };
}

/** Returns when time alone makes a next step due, in milliseconds since the epoch. */
export const dueAt = (
  { current, next }: KeyState,
  { rotationMs, propagationMs }: Pick<KeyTimes, 'rotationMs' | 'propagationMs'>,
): number => (next === undefined ? current.since + rotationMs : next.since + propagationMs);

/** Returns every key whose tokens are to be taken, those of the future first. */
export const publishedKeys = ({ current, next, retired }: KeyState): DataPlaneKey[] => [
  ...(next === undefined ? [] : [next.publicKey]),
  current.publicKey,
  ...retired.map(({ publicKey }) => publicKey),
];
