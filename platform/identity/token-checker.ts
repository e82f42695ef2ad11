/** Owns checking access tokens, whoever vouches for them: verdicts are remembered, tokens are kept as hashes only. */
import { hash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { expiryOf, parseToken } from './jwt.ts';
import type { UnverifiedToken } from './jwt.ts';
import type { TokenChecker, TokenVerdict } from './principal.ts';
import { VerdictCache } from './verdict-cache.ts';
import type { Answer } from './verdict-cache.ts';

/** Somebody who can say of some tokens whose they are. */
export interface TokenAuthority {
  /** Whether it is for this one to say; decided by what the token says of itself, which is not verified yet. */
  speaksFor(token: UnverifiedToken): boolean;
  /** Must not reject. */
  check(token: string): Promise<TokenVerdict>;
}

export interface TokenCheckerOptions {
  /** The first that speaks for a token decides on it alone. */
  readonly authorities: readonly TokenAuthority[];
  /** Decides on all others. Must not reject. */
  readonly otherwise: (token: string) => Promise<TokenVerdict>;
  readonly clock: Clock;
  /** How long verdicts hold; never longer than the token says that it lives. */
  readonly acceptedTtlMs: number;
  readonly refusedTtlMs: number;
  readonly max: number;
  /** Most checks under way at one time. */
  readonly maxAsked: number;
}

/** Longer ones are no tokens, and would only cost work. */
const maxTokenLength = 16 * 1024;

const tooLong = { verdict: 'invalid', until: 0, freshUntil: 0 } as const;

/**
 * Returns a checker. While nobody can say, remembered verdicts hold for the rest of their time and every other token is
 * `unavailable`: nobody is let in unchecked.
 */
export function makeTokenChecker(options: TokenCheckerOptions): TokenChecker {
  const cache = new VerdictCache<TokenVerdict>({
    ...options,
    overloaded: 'unavailable',
    isRefusal: (verdict) => verdict === 'invalid',
  });
  return {
    check: (token) => {
      if (token.length > maxTokenLength) return tooLong;
      return cache.get(hash('sha256', token, 'base64'), () => ask(token, options));
    },
  };
}

async function ask(token: string, options: TokenCheckerOptions): Promise<Answer<TokenVerdict>> {
  const parsed = parseToken(token);
  const authority =
    parsed === undefined ? undefined : options.authorities.find((one) => one.speaksFor(parsed));
  const verdict = await (authority === undefined ? options.otherwise(token) : authority.check(token));
  return { verdict, holdsMs: holdsMs(verdict, parsed, options) };
}

function holdsMs(
  verdict: TokenVerdict,
  token: UnverifiedToken | undefined,
  { clock, acceptedTtlMs, refusedTtlMs }: TokenCheckerOptions,
): number {
  if (verdict === 'unavailable') return 0;
  if (verdict === 'invalid') return refusedTtlMs;
  const expiry = token === undefined ? undefined : expiryOf(token);
  return expiry === undefined ? acceptedTtlMs : Math.min(acceptedTtlMs, expiry - clock.now());
}
