import { describe, expect, it } from 'vitest';
import { issuerSchema } from './issuer-config.ts';
import type { IssuerConfig } from './issuer-config.ts';
import { principalOf } from './principal-of.ts';

const url = 'https://id.example';
const everybody = 'system:authenticated';
const issuer = (more: Partial<IssuerConfig> = {}): IssuerConfig =>
  issuerSchema.parse({ url, audiences: ['fairlead'], ...more });

describe('principalOf', () => {
  it.each<[string, Partial<IssuerConfig>, object, string, string[]]>([
    ['has the issuer before the subject', {}, { sub: 'al' }, `${url}#al`, [everybody]],
    [
      'has nothing before an e-mail address',
      { usernameClaim: 'email' },
      { email: 'al@x', email_verified: true },
      'al@x',
      [everybody],
    ],
    [
      'has an address that nobody says anything about',
      { usernameClaim: 'email' },
      { email: 'al@x' },
      'al@x',
      [everybody],
    ],
    ['has the prefix that is set', { usernamePrefix: 'oidc:' }, { sub: 'al' }, 'oidc:al', [everybody]],
    ['has none where that is said', { usernamePrefix: '-' }, { sub: 'al' }, 'al', [everybody]],
    [
      'has groups, each with its prefix',
      { groupsClaim: 'roles', groupsPrefix: 'oidc:' },
      { sub: 'al', roles: ['a', 'b'] },
      `${url}#al`,
      ['oidc:a', 'oidc:b', everybody],
    ],
    [
      'has one group that stands alone',
      { groupsClaim: 'roles' },
      { sub: 'al', roles: 'a' },
      `${url}#al`,
      ['a', everybody],
    ],
    ['has no groups without a claim', {}, { sub: 'al', groups: ['a'] }, `${url}#al`, [everybody]],
    [
      "has none of Kubernetes' own groups",
      { groupsClaim: 'roles' },
      { sub: 'al', roles: ['system:masters', 'a'] },
      `${url}#al`,
      ['a', everybody],
    ],
    [
      'has the claims that are required',
      { requiredClaims: { hd: 'example.org' } },
      { sub: 'al', hd: 'example.org' },
      `${url}#al`,
      [everybody],
    ],
  ])('%s', (_name, config, claims, name, groups) => {
    expect(principalOf(claims as Record<string, unknown>, issuer(config))).toEqual({ name, groups });
  });

  it.each<[string, Partial<IssuerConfig>, object, RegExp]>([
    ['there is no name', {}, {}, /sub holds no name/],
    ['the name is empty', {}, { sub: '' }, /sub holds no name/],
    ['the name is no text', {}, { sub: 7 }, /sub holds no name/],
    [
      'the address is not verified',
      { usernameClaim: 'email' },
      { email: 'al@x', email_verified: false },
      /not verified/,
    ],
    [
      'whether it is verified is said in a way that nobody knows',
      { usernameClaim: 'email' },
      { email: 'al@x', email_verified: 'yes' },
      /not verified/,
    ],
    [
      "the name would be one of Kubernetes' own",
      { usernamePrefix: '-' },
      { sub: 'system:admin' },
      /begins with system:/,
    ],
    ['groups are no texts', { groupsClaim: 'roles' }, { sub: 'al', roles: [{}] }, /roles holds no groups/],
    [
      'a required claim is missing',
      { requiredClaims: { hd: 'example.org' } },
      { sub: 'al' },
      /hd is not what is required/,
    ],
  ])('says why there is nobody when %s', (_name, config, claims, why) => {
    expect(principalOf(claims as Record<string, unknown>, issuer(config))).toMatch(why);
  });

  it.each([
    ['not https', { url: 'http://id.example' }],
    ['without an audience', { audiences: [] }],
    ['with a signature that its readers could make', { algorithms: ['HS256'] }],
    ['with no signature', { algorithms: ['none'] }],
  ])('is never asked for an issuer %s', (_name, change) => {
    expect(issuerSchema.safeParse({ url, audiences: ['a'], ...change }).success).toBe(false);
  });
});
