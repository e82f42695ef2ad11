import { describe, expect, it } from 'vitest';
import { makeKey } from './data-plane-keys/make-key.ts';
import { isRotationAsked, restInMs, sameKeys } from './rotation.ts';

const rotate = 'serving.fairlead.dev/rotate';
const rotated = 'serving.fairlead.dev/rotated';
const secret = (name: string, annotations: Record<string, string>, namespace = 'sys') => ({
  metadata: { name, namespace, annotations },
});

describe('a rotation', () => {
  it.each([
    ['is asked for on the authority', secret('fairlead-ca', { [rotate]: 'a' }), true],
    ['is asked for on the keys', secret('fairlead-data-plane-keys', { [rotate]: 'b', [rotated]: 'a' }), true],
    ['is not asked for once it was done', secret('fairlead-ca', { [rotate]: 'a', [rotated]: 'a' }), false],
    ['is not asked for without a word', secret('fairlead-ca', {}), false],
    ['is not asked for on another Secret', secret('fairlead-gateway-tls', { [rotate]: 'a' }), false],
    ['is not asked for elsewhere', secret('fairlead-ca', { [rotate]: 'a' }, 'team'), false],
  ])('%s', (_name, object, expected) => {
    expect(isRotationAsked(object, 'sys')).toBe(expected);
  });
});

describe('the leader', () => {
  it.each([
    ['is back when the first is due', [107_000, 103_000], 3_000],
    ['looks again soon at what is overdue', [99_000], 1_000],
  ])('%s', (_name, dueAt, expected) => {
    expect(restInMs(dueAt, 100_000)).toBe(expected);
  });

  it('tells the keys apart by name and order', () => {
    const [a, b] = [makeKey().publicKey, makeKey().publicKey];
    expect(sameKeys([a, b], [a, b])).toBe(true);
    expect(sameKeys([a, b], [b, a])).toBe(false);
    expect(sameKeys([a], [a, b])).toBe(false);
  });
});
