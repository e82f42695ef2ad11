/** Owns the proof of who decides on a token, and for how long the decision is remembered. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { TokenChecker, TokenVerdict } from './principal.ts';
import { makeTokenChecker } from './token-checker.ts';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (claims: object): string => `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;
const alice = { name: 'alice', groups: [] };

let now: number;
let asked: string[];
let verdict: TokenVerdict;
let checker: TokenChecker;
beforeEach(() => {
  now = 0;
  asked = [];
  verdict = alice;
  const sayAs = (who: string) => (): Promise<TokenVerdict> => {
    asked.push(who);
    return Promise.resolve(verdict);
  };
  checker = makeTokenChecker({
    authorities: [
      { speaksFor: ({ claims }) => claims['iss'] === 'https://one', check: sayAs('one') },
      { speaksFor: ({ claims }) => claims['iss'] === 'https://two', check: sayAs('two') },
    ],
    otherwise: sayAs('the API server'),
    clock: { now: () => 1_000_000 + now, monotonic: () => now },
    acceptedTtlMs: 10_000,
    refusedTtlMs: 1_000,
    max: 10,
    maxAsked: 10,
  });
});

describe('a token', () => {
  it.each([
    ['of a known issuer is for that issuer to judge', tokenOf({ iss: 'https://two' }), ['two']],
    ['of another issuer is for the API server', tokenOf({ iss: 'https://three' }), ['the API server']],
    ['of no issuer as well', tokenOf({}), ['the API server']],
    ['that is opaque as well', 'abc', ['the API server']],
    ['of absurd length is for nobody', 'x'.repeat(20_000), []],
  ])('%s', async (_name, token, who) => {
    await checker.check(token);
    expect(asked).toEqual(who);
  });

  it('that an issuer refuses is not shown to anybody else', async () => {
    verdict = 'invalid';
    expect(await checker.check(tokenOf({ iss: 'https://one' }))).toMatchObject({ verdict: 'invalid' });
    expect(asked).toEqual(['one']);
  });

  it.each<[string, TokenVerdict, object, number]>([
    ['accepted is remembered', alice, {}, 10_000],
    ['accepted is remembered no longer than it lives', alice, { exp: 1_004 }, 4_000],
    ['accepted is remembered no longer than it may be', alice, { exp: 9_999 }, 10_000],
    ['accepted after its end, by a clock that is behind, is not remembered', alice, { exp: 999 }, -1_000],
    ['refused is remembered a shorter time', 'invalid', { exp: 9_999 }, 1_000],
    ['on which nobody could say anything is not remembered', 'unavailable', { exp: 9_999 }, 0],
  ])('%s', async (_name, given, claims, until) => {
    verdict = given;
    expect(await checker.check(tokenOf(claims))).toMatchObject({ verdict: given, until });
    now = Math.max(0, until);
    await checker.check(tokenOf(claims));
    expect(asked).toHaveLength(2);
  });
});
