/** Owns the proof of the numbers: how long one failing key waits, and how many may fail at once. */
import { describe, expect, it } from 'vitest';
import { makeRateLimiter } from './rate-limiter.ts';

describe('the rate limiter', () => {
  it('makes one key wait 5 ms, doubling to 1000 s', () => {
    let now = 0;
    const limiter = makeRateLimiter({ now: () => now });
    const delays = Array.from({ length: 20 }, () => {
      now += 1_000;
      return limiter.delayOf('a');
    });
    expect(delays.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(delays.slice(16)).toEqual([327_680, 655_360, 1_000_000, 1_000_000]);
  });

  it('starts anew for a key that was forgotten, and for that key alone', () => {
    const limiter = makeRateLimiter({ now: () => 0 });
    for (const key of ['a', 'a', 'b', 'b']) limiter.delayOf(key);
    limiter.forget('a');
    expect([limiter.failures('a'), limiter.failures('b')]).toEqual([0, 2]);
    expect([limiter.delayOf('a'), limiter.delayOf('b')]).toEqual([5, 20]);
  });

  it('lets 100 keys fail at once and then 10 a second', () => {
    let now = 0;
    const limiter = makeRateLimiter({ now: () => now });
    const burst = Array.from({ length: 102 }, (_, index) => limiter.delayOf(`key-${index}`));
    expect(burst.slice(0, 100).every((delay) => delay === 5)).toBe(true);
    expect(burst.slice(100)).toEqual([100, 200]);
    now = 1_200;
    expect(limiter.delayOf('later')).toBe(5);
  });

  it('does not save up more than its burst', () => {
    let now = 0;
    const limiter = makeRateLimiter({ now: () => now, burst: 2, perSecond: 1 });
    now = 3_600_000;
    expect(['a', 'b', 'c'].map((key) => limiter.delayOf(key))).toEqual([5, 5, 1_000]);
  });

  it('stays a number after thousands of failures', () => {
    const limiter = makeRateLimiter({ now: () => 0, burst: 1e9 });
    for (let count = 0; count < 5_000; count += 1) limiter.delayOf('a');
    expect(limiter.delayOf('a')).toBe(1_000_000);
  });
});
