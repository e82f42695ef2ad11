import { describe, expect, it } from 'vitest';
import { expiryOf, parseToken } from './jwt.ts';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('parseToken', () => {
  it('takes a token apart', () => {
    const token = `${part({ alg: 'ES256' })}.${part({ iss: 'me', exp: 10 })}.c2ln`;
    const parsed = parseToken(token);
    expect(parsed).toEqual({
      header: { alg: 'ES256' },
      claims: { iss: 'me', exp: 10 },
      signed: token.slice(0, token.lastIndexOf('.')),
      signature: Buffer.from('sig'),
    });
    expect(expiryOf(parsed!)).toBe(10_000);
  });

  it.each([
    ['opaque', 'abcdef'],
    ['empty', ''],
    ['unsigned', `${part({})}.${part({})}.`],
    ['in four parts', `${part({})}.${part({})}.c2ln.c2ln`],
    ['in five parts, that is: encrypted', `${part({})}.a.b.c.d`],
    ['a list', `${part([])}.${part({})}.c2ln`],
    ['no JSON', `e3s.${part({})}.c2ln`],
    ['padded', `${part({})}=.${part({})}.c2ln`],
  ])('knows that one that is %s is none', (_name, token) => {
    expect(parseToken(token)).toBeUndefined();
  });

  it.each([['10'], [Number.NaN], [null], [undefined]])('takes %s for no expiry', (exp) => {
    expect(expiryOf({ header: {}, claims: { exp }, signed: '', signature: Buffer.alloc(0) })).toBeUndefined();
  });
});
