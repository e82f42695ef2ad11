/** Owns the tests of the time that a pod has to end. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Grace } from './grace.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

async function isOver(grace: Grace): Promise<boolean> {
  return Promise.race([grace.expired.then(() => true), Promise.resolve(false).then((no) => no)]);
}

const monthMs = 31 * 86_400_000;

it.each<[string, (grace: Grace) => void, number, boolean]>([
  ['is not over before its time', () => undefined, 999, false],
  ['is over at its time', () => undefined, 1_000, true],
  ['is over sooner when it is shortened', (grace) => grace.shorten(10), 10, true],
  ['is not extended', (grace) => grace.shorten(5_000), 1_000, true],
  ['does not end when nothing waits for it any more', (grace) => grace.clear(), 5_000, false],
])('a grace of a second %s', async (_name, act, afterMs, expected) => {
  const grace = new Grace(1_000);
  act(grace);
  vi.advanceTimersByTime(afterMs);
  expect(await isOver(grace)).toBe(expected);
});

it('a grace of more than a timer can wait is not over at once', async () => {
  const grace = new Grace(monthMs);
  vi.advanceTimersByTime(1_000);
  expect(await isOver(grace)).toBe(false);
  expect(grace.leftMs).toBeGreaterThan(monthMs / 2);
});
