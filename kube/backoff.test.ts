/** Owns the proof of how long is waited between failures. */
import { describe, expect, it } from 'vitest';
import { makeBackoff, reflectorBackoff } from './backoff.ts';

describe('back-off', () => {
  it('doubles from 800 ms to 30 s', () => {
    const next = makeBackoff({ ...reflectorBackoff, random: () => 0 });
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((now) => next(now))).toEqual([
      800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000,
    ]);
  });

  it('adds up to as much again, so that clients drift apart', () => {
    expect(makeBackoff({ ...reflectorBackoff, random: () => 0.5 })(0)).toBe(1_200);
  });

  it('starts anew after two minutes without a failure', () => {
    const next = makeBackoff({ ...reflectorBackoff, random: () => 0 });
    next(0);
    next(1_000);
    expect(next(1_000 + 120_000)).toBe(3_200);
    expect(next(121_000 + 120_001)).toBe(800);
  });

  it('stays a number after thousands of failures', () => {
    const next = makeBackoff({ ...reflectorBackoff, random: () => 0 });
    for (let count = 0; count < 5_000; count += 1) next(count);
    expect(next(5_000)).toBe(30_000);
  });
});
