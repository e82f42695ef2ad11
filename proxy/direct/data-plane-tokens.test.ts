import { beforeEach, describe, expect, it } from 'vitest';
import { makeDataPlaneKey } from '../testing/data-plane-token-fixture.ts';
import type { TokenChange } from '../testing/data-plane-token-fixture.ts';
import { allowsQuery, DataPlaneTokens } from './data-plane-tokens.ts';

const one = makeDataPlaneKey('one');
const two = makeDataPlaneKey('two');
const made = Date.now();
const hour = 3_600_000;

let now: number;
let tokens: DataPlaneTokens;
beforeEach(() => {
  now = made;
  tokens = new DataPlaneTokens(() => now);
  tokens.setKeys([one.publicKey]);
});

const mint = (change: TokenChange = {}): string => one.mint({ now: made, ...change });

describe('a token of the data plane', () => {
  it('says who its bearer is and what that may', () => {
    expect(tokens.check(mint())).toMatchObject({
      name: 'alice',
      groups: ['tasters'],
      grant: { endpointUid: 'u-1', actions: ['query_inference_endpoint'] },
    });
  });

  it.each([
    ['to its end', hour, true],
    ['a moment longer, as clocks differ', hour + 29_000, true],
    ['no longer', hour + 31_000, false],
    ['from a clock that is a moment ahead', -29_000, true],
    ['not from the future', -31_000, false],
  ])('counts %s', (_name, later, counts) => {
    const token = mint();
    now = made + later;
    expect(tokens.check(token) !== undefined).toBe(counts);
  });

  it('that is remembered ends in time too', () => {
    const token = mint();
    tokens.check(token);
    now = made + hour + 31_000;
    expect(tokens.check(token)).toBeUndefined();
  });

  it.each<[string, () => string]>([
    ['of another key', () => two.mint({ now: made })],
    ['of another key under the name of ours', () => two.mint({ now: made, header: { kid: 'one' } })],
    ['without a key', () => mint({ header: { kid: undefined } })],
    ['with a key that is no name', () => mint({ header: { kid: 1 } })],
    ['of another algorithm', () => mint({ header: { alg: 'HS256' } })],
    ['of no algorithm', () => mint({ header: { alg: 'none' } })],
    ['of another type', () => mint({ header: { typ: 'JWT' } })],
    ['of no type', () => mint({ header: { typ: undefined } })],
    ['with an extension', () => mint({ header: { crit: ['b64'], b64: false } })],
    ['whose key comes with it', () => two.mint({ now: made, header: { kid: 'two', jwk: two.publicKey } })],
    ['without a name', () => mint({ claims: { sub: '' } })],
    ['without an end', () => mint({ claims: { exp: undefined } })],
    ['for somebody else', () => mint({ claims: { aud: 'serving-endpoint/u-2' } })],
    ['for everybody', () => mint({ claims: { aud: ['serving-endpoint/u-1', 'x'] } })],
    ['that was changed', () => changed(mint())],
    ['that was cut', () => mint().slice(0, -4)],
    ['that has a tail', () => `${mint()}AA`],
    ['without a signature', () => mint().replace(/[^.]+$/, '')],
    ['that is none', () => 'abc'],
    ['of absurd length', () => `${mint()}${'A'.repeat(20_000)}`],
  ])('%s is none', (_name, make) => {
    expect(tokens.check(make())).toBeUndefined();
  });

  it('counts while its key is published', () => {
    const token = mint();
    tokens.setKeys([two.publicKey, one.publicKey]);
    expect(tokens.check(token)).toBeDefined();
    expect(tokens.check(two.mint({ now: made }))).toBeDefined();
    tokens.setKeys([two.publicKey]);
    expect(tokens.check(token)).toBeUndefined();
  });

  it('is one of many that are remembered, and of no more than fit', () => {
    const first = mint();
    tokens.check(first);
    for (let index = 0; index < 4_200; index += 1) tokens.check(mint({ claims: { jti: String(index) } }));
    expect(tokens.check(first)).toBeDefined();
  });
});

describe('allowsQuery', () => {
  it.each([
    ['the endpoint that it names', 'u-1', ['query_inference_endpoint'], true],
    ['no other', 'u-2', ['query_inference_endpoint'], false],
    ['none where it is for something else', 'u-1', ['manage_inference_endpoint'], false],
  ])('allows %s', (_name, uid, actions, expected) => {
    expect(allowsQuery({ endpointUid: 'u-1', actions }, uid)).toBe(expected);
  });
});

function changed(token: string): string {
  const [header = '', claims = '', signature = ''] = token.split('.');
  const other = Buffer.from(claims, 'base64url').toString().replace('alice', 'admin');
  return `${header}.${Buffer.from(other).toString('base64url')}.${signature}`;
}
