import { describe, expect, it } from 'vitest';
import { makeKeySecret, parseKeySecret } from './key-secret.ts';
import { dueAt, planKeys, publishedKeys, stepKeys } from './key-state.ts';
import type { KeyState, KeyTimes } from './key-state.ts';
import { makeKey } from './make-key.ts';

const minute = 60_000;
const hour = 60 * minute;
const times = (now: number, requested?: string): KeyTimes => ({
  now,
  rotationMs: 100 * hour,
  propagationMs: 10 * minute,
  requested,
});
const [one, two, three] = [makeKey(), makeKey(), makeKey()];
const first: KeyState = { current: { ...one, since: 0 }, retired: [], rotated: undefined };
const waiting: KeyState = { ...first, next: { ...two, since: 100 * hour } };
const kids = (state: KeyState): string[] => publishedKeys(state).map(({ kid }) => kid);

describe('the keys', () => {
  it.each<[string, KeyState | undefined, KeyTimes, string]>([
    ['are made where there are none', undefined, times(0), 'createFirst'],
    ['stay for their time', first, times(100 * hour - 1), 'keep'],
    ['get a successor then', first, times(100 * hour), 'createNext'],
    ['get one when somebody asks', first, times(hour, 'a'), 'createNext'],
    ['get one for each request once', { ...first, rotated: 'a' }, times(hour, 'a'), 'keep'],
    ['do not hand over before the successor is known', waiting, times(100 * hour + 10 * minute - 1), 'keep'],
    ['hand over then', waiting, times(100 * hour + 10 * minute), 'promoteNext'],
    [
      'are forgotten when their last token is over',
      { ...first, retired: [{ publicKey: two.publicKey, until: hour }] },
      times(hour),
      'forgetRetired',
    ],
  ])('%s', (_name, state, when, expected) => {
    expect(planKeys(state, when)).toBe(expected);
  });

  it('are published before they sign, and for as long as a token of theirs may live', () => {
    let now = 0;
    const step = (state: KeyState | undefined, key = one): KeyState =>
      stepKeys(state, planKeys(state, times(now)), times(now), () => key);
    let state = step(undefined);
    expect(kids(state)).toEqual([one.publicKey.kid]);
    now = 100 * hour;
    state = step(state, two);
    expect(state.current.publicKey.kid).toBe(one.publicKey.kid);
    expect(kids(state)).toEqual([two.publicKey.kid, one.publicKey.kid]);
    now = dueAt(state, times(0));
    state = step(state);
    expect(state.current.publicKey.kid).toBe(two.publicKey.kid);
    expect(kids(state)).toEqual([two.publicKey.kid, one.publicKey.kid]);
    // A token endpoint that learns late signs with the old one for as long as publishing takes, tokens of an hour.
    now += hour + 10 * minute;
    expect(planKeys(state, times(now))).toBe('keep');
    now += 5 * minute;
    state = step(state);
    expect(kids(state)).toEqual([two.publicKey.kid]);
  });

  it('that were replaced twice in an hour are all known still', () => {
    let state = stepKeys(first, 'createNext', times(0, 'a'), () => two);
    state = stepKeys(state, 'promoteNext', times(10 * minute, 'a'), makeKey);
    state = stepKeys(state, 'createNext', times(11 * minute, 'b'), () => three);
    state = stepKeys(state, 'promoteNext', times(21 * minute, 'b'), makeKey);
    expect(kids(state)).toEqual([three, one, two].map(({ publicKey }) => publicKey.kid));
  });

  it('are due when time alone decides', () => {
    expect(dueAt(first, times(0))).toBe(100 * hour);
    expect(dueAt(waiting, times(0))).toBe(100 * hour + 10 * minute);
  });

  it('have names of their own', () => {
    expect(one.publicKey.kid).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(one.publicKey.kid).not.toBe(two.publicKey.kid);
  });
});

describe('the Secret of the keys', () => {
  const dataOf = (secret: ReturnType<typeof makeKeySecret>, key: string): unknown =>
    JSON.parse(Buffer.from(secret.data?.[key] ?? '', 'base64').toString());

  it.each([
    ['at first', { ...first, next: undefined }],
    ['amid a rotation', { ...waiting, rotated: 'a' }],
    ['after one', { ...first, next: undefined, retired: [{ publicKey: two.publicKey, until: 5 }] }],
  ])('holds the state whole %s', (_name, state) => {
    const read = parseKeySecret(makeKeySecret('fairlead-system', state, 'a'));
    expect(read).toEqual({ ...state, ...(state.next === undefined ? {} : { next: state.next }) });
  });

  it('tells everybody public parts alone, and the token endpoint what signs now', () => {
    const secret = makeKeySecret('fairlead-system', waiting, undefined);
    expect(dataOf(secret, 'jwks.json')).toEqual({ keys: [two.publicKey, one.publicKey] });
    expect(JSON.stringify(dataOf(secret, 'jwks.json'))).not.toMatch(/"d"|PRIVATE/);
    expect(dataOf(secret, 'signing.json')).toEqual({
      kid: one.publicKey.kid,
      privateKeyPem: one.privateKeyPem,
    });
  });

  it.each([
    ['nothing', {}],
    ['no JSON', { 'state.json': 'x' }],
    ['something else', { 'state.json': '{}' }],
  ])('that holds %s is not guessed at', (_name, texts) => {
    const data = Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
    );
    expect(() => parseKeySecret({ data })).toThrow(
      expect.objectContaining({ code: 'DATA_PLANE_KEYS_INVALID' }),
    );
  });
});
