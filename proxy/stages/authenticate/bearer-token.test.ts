import { describe, expect, it } from 'vitest';
import { tokenOf } from './bearer-token.ts';

const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;

describe('tokenOf', () => {
  it.each([
    ['a bearer token', 'Bearer abc', 'abc'],
    ['a scheme in any case', 'bEaReR abc', 'abc'],
    ['the password of the user "token"', basic('token:abc'), 'abc'],
    ['a password with colons', basic('token:a:b'), 'a:b'],
  ])('finds %s', (_name, header, token) => {
    expect(tokenOf(header)).toBe(token);
  });

  it.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['a scheme alone', 'Bearer'],
    ['an empty token', 'Bearer  '],
    ['another user', basic('alice:abc')],
    ['an empty password', basic('token:')],
    ['another scheme', 'Digest abc'],
  ])('finds no token in %s', (_name, header) => {
    expect(tokenOf(header)).toBeUndefined();
  });
});
