import { beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority } from '../../platform/tls/authority.ts';
import { makeAuthoritySecret, parseAuthoritySecret } from './authority-secret.ts';
import { authorityDueAt, planAuthority, stepAuthority, trustBundle } from './authority-state.ts';
import type { AuthorityEvidence, AuthorityState, SigningAuthority } from './authority-state.ts';
import { Publication } from './publication.ts';
import { tlsSecret } from './tls-secret.ts';

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.parse('2026-01-01T00:00:00Z');
const nextMade = start + 201 * day;

let one: SigningAuthority;
let two: SigningAuthority;
let three: SigningAuthority;
beforeAll(async () => {
  const make = async (commonName: string, now: number): Promise<SigningAuthority> => {
    const pair = await makeAuthority({ commonName, now, validMs: 300 * day });
    return { ...pair, chainPem: '', trustPem: pair.certificatePem };
  };
  [one, two, three] = [await make('one', start), await make('two', nextMade), await make('three', nextMade)];
});

const evidence = (now: number, more: Partial<AuthorityEvidence> = {}): AuthorityEvidence => ({
  now,
  propagationMs: hour,
  publishedSince: nextMade,
  ...more,
});
const waiting = (): AuthorityState => ({ current: one, next: { ...two, since: nextMade } });

describe('the authority', () => {
  it.each<[string, () => AuthorityState | undefined, number, Partial<AuthorityEvidence>, string]>([
    ['is created where there is none', () => undefined, start, {}, 'createFirst'],
    ['stays for two thirds of its life', () => ({ current: one }), start + 199 * day, {}, 'keep'],
    ['gets a successor then', () => ({ current: one }), nextMade, {}, 'createNext'],
    ['gets one when somebody asks', () => ({ current: one }), start + day, { requested: 'a' }, 'createNext'],
    [
      'gets one for each request once',
      () => ({ current: one, rotated: 'a' }),
      start + day,
      { requested: 'a' },
      'keep',
    ],
    ['goes on signing while the successor becomes known', waiting, nextMade + hour - 1, {}, 'keep'],
    ['hands over after that', waiting, nextMade + hour, {}, 'promoteNext'],
    [
      'does not hand over while a Secret does not carry the successor',
      waiting,
      nextMade + 2 * hour,
      { publishedSince: undefined },
      'keep',
    ],
    [
      'nor before the last Secret has come to its files',
      waiting,
      nextMade + 2 * hour,
      { publishedSince: nextMade + 2 * hour - 60_000 },
      'keep',
    ],
    [
      'hands over at last although one Secret never will',
      waiting,
      nextMade + 24 * hour,
      { publishedSince: undefined },
      'promoteNext',
    ],
    [
      'is trusted while what it signed may live',
      () => ({ current: two, previousPem: one.certificatePem }),
      start + 299 * day,
      {},
      'keep',
    ],
    [
      'is forgotten at the end of its own life',
      () => ({ current: two, previousPem: one.certificatePem }),
      start + 301 * day,
      {},
      'forgetPrevious',
    ],
  ])('%s', (_name, state, now, more, expected) => {
    expect(planAuthority(state(), evidence(now, more))).toBe(expected);
  });

  it('is due when time alone decides', () => {
    expect(authorityDueAt({ current: one }, hour)).toBeGreaterThan(start + 199 * day);
    expect(authorityDueAt(waiting(), hour)).toBe(nextMade + hour);
  });

  it('that is replaced twice stays trusted, and so does the one before it', () => {
    const first = stepAuthority(undefined, 'createFirst', evidence(start), one);
    const known = stepAuthority(first, 'createNext', evidence(nextMade), two);
    expect(trustBundle(known)).toBe(bundle(one, two));
    expect(known.current).toBe(one);
    const second = stepAuthority(known, 'promoteNext', evidence(nextMade + hour), undefined);
    expect(trustBundle(second)).toBe(bundle(two, one));
    const again = stepAuthority(second, 'createNext', evidence(nextMade + day), three);
    const third = stepAuthority(again, 'promoteNext', evidence(nextMade + 2 * day), undefined);
    expect(trustBundle(third)).toBe(bundle(three, two, one));
    const forgotten = stepAuthority(third, 'forgetPrevious', evidence(start + 301 * day), undefined);
    expect(trustBundle(forgotten)).toBe(bundle(three, two));
  });
});

describe('an authority that somebody else makes', () => {
  it.each<[string, () => AuthorityState | undefined, () => SigningAuthority, string]>([
    ['is the first one', () => undefined, () => two, 'createFirst'],
    ['stays while it is the same', () => ({ current: two }), () => two, 'keep'],
    ['follows ours', () => ({ current: one }), () => two, 'createNext'],
    ['becomes known before it signs', waiting, () => two, 'keep'],
    ['that changes meanwhile takes the place of the one that waits', waiting, () => three, 'createNext'],
  ])('%s', (_name, state, given, expected) => {
    const when = evidence(nextMade + 1, { given: given() });
    expect(planAuthority(state(), when)).toBe(expected);
  });

  it('is renewed by its maker alone', () => {
    const when = evidence(start + 250 * day, { given: one, requested: 'now' });
    expect(planAuthority({ current: one }, when)).toBe('keep');
  });
});

describe('the Secret of the authority', () => {
  it('holds each state whole', () => {
    const chained = { ...two, chainPem: two.certificatePem, trustPem: three.certificatePem };
    const states: AuthorityState[] = [
      { current: one, rotated: undefined },
      { ...waiting(), rotated: 'a' },
      { current: two, previousPem: one.certificatePem, rotated: undefined },
      { current: chained, next: { ...chained, since: nextMade }, rotated: undefined },
    ];
    for (const state of states)
      expect(parseAuthoritySecret(makeAuthoritySecret('s', state, 'a'))).toEqual(state);
  });

  it('of an earlier version is read too', () => {
    const secret = tlsSecret(
      { name: 'ca' },
      {
        'tls.crt': one.certificatePem,
        'tls.key': one.privateKeyPem,
        'next.crt': two.certificatePem,
        'next.key': two.privateKeyPem,
      },
    );
    expect(parseAuthoritySecret(secret).next?.since).toBe(nextMade - 5 * 60_000);
  });

  it.each([
    ['without a key', { 'tls.crt': 'x' }],
    ['with a damaged certificate', { 'tls.crt': 'nonsense', 'tls.key': 'x' }],
  ])('%s is not guessed at', (_name, data) => {
    expect(() => parseAuthoritySecret(tlsSecret({ name: 'ca' }, data))).toThrow(
      expect.objectContaining({ code: 'AUTHORITY_SECRET_INVALID' }),
    );
  });
});

describe('what everybody has been told', () => {
  const secretOf = (ca: string, name = 'a') => tlsSecret({ name }, { 'ca.crt': ca });

  it('is known since the last Secret carries it', () => {
    const publication = new Publication();
    expect(publication.since('new', [secretOf('new'), secretOf('old')], 1)).toBeUndefined();
    expect(publication.since('new', [secretOf('new'), secretOf('new')], 2)).toBe(2);
    expect(publication.since('new', [secretOf('new')], 3)).toBe(2);
    expect(publication.since('newer', [secretOf('new')], 4)).toBeUndefined();
    expect(publication.since('newer', [secretOf('newer')], 5)).toBe(5);
  });

  it('has nothing to do with the authority itself, nor with Secrets of another kind', () => {
    const other = { ...secretOf('old'), type: 'Opaque' };
    expect(new Publication().since('new', [secretOf('old', 'fairlead-ca'), other], 1)).toBe(1);
  });
});

const bundle = (...authorities: SigningAuthority[]): string =>
  authorities.map(({ certificatePem }) => `${certificatePem.trim()}\n`).join('');
