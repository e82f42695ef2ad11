import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastRetries, RetryBudget } from './retry-budget.ts';

const takeAll = (budget: RetryBudget, now: number): number => {
  let taken = 0;
  while (budget.take(now)) taken += 1;
  return taken;
};
const countMany = (budget: RetryBudget, requests: number, now: number): void => {
  for (let count = 0; count < requests; count += 1) budget.countRequest(now);
};

describe('RetryBudget', () => {
  it.each<[string, number, number, number]>([
    ['gives a fifth of many requests', 20, 1_000, 200],
    ['gives what is least where there are few requests', 20, 1, leastRetries],
    ['gives nothing when it is off', 0, 1_000, 0],
  ])('%s', (_name, percent, requests, expected) => {
    const budget = new RetryBudget({ percent });
    countMany(budget, requests, 0);
    expect(takeAll(budget, 0)).toBe(expected);
  });

  it('gives again what has left the window', () => {
    const budget = new RetryBudget({ percent: 20 });
    countMany(budget, 1_000, 0);
    expect(takeAll(budget, 500)).toBe(200);
    expect(takeAll(budget, 9_999)).toBe(0);
    expect(takeAll(budget, 10_000)).toBe(leastRetries);
  });

  it('forgets everything after a long silence', () => {
    const budget = new RetryBudget({ percent: 20 });
    countMany(budget, 1_000, 0);
    expect(takeAll(budget, 3_600_000)).toBe(leastRetries);
  });

  it('gives only while the window, what is given included, has no more than its share', () => {
    const step = fc.record({ pauseMs: fc.nat(3_000), requests: fc.nat(40), tries: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 50 }), (steps, percent) => {
        const budget = new RetryBudget({ percent });
        const requests: number[] = [];
        const retries: number[] = [];
        let now = 12_345;
        for (const { pauseMs, requests: count, tries } of steps) {
          now += pauseMs;
          countMany(budget, count, now);
          for (let request = 0; request < count; request += 1) requests.push(now);
          const from = (Math.floor(now / 1_000) - 9) * 1_000;
          const within = (times: readonly number[]): number => times.filter((time) => time >= from).length;
          const most = percent === 0 ? 0 : Math.max(leastRetries, (within(requests) * percent) / 100);
          for (let attempt = 0; attempt < tries; attempt += 1) {
            const given = budget.take(now);
            expect(given).toBe(within(retries) + 1 <= most);
            if (given) retries.push(now);
          }
        }
      }),
    );
  });
});
