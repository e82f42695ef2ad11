import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeightedSplit } from './weighted-split.ts';

const choice = (name: string, percent: number): { name: string; percent: number } => ({ name, percent });

describe('WeightedSplit', () => {
  it('has nothing to give without weights', () => {
    const none: { percent: number }[] = [];
    expect(new WeightedSplit(none).next()).toBeUndefined();
    expect(new WeightedSplit([choice('fallback', 0)]).next()).toBeUndefined();
  });

  it('gives a single choice always', () => {
    const split = new WeightedSplit([choice('only', 100), choice('fallback', 0)]);
    expect([split.next()?.name, split.next()?.name]).toEqual(['only', 'only']);
  });

  it('spreads the turns of each over the run', () => {
    const split = new WeightedSplit([choice('a', 50), choice('b', 25), choice('c', 25)]);
    expect(Array.from({ length: 8 }, () => split.next()?.name).join('')).toBe('abcaabca');
  });

  it('gives each exactly its weight in any run as long as the sum of weights, wherever it starts', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, fc.nat(100), (percents, skipped) => {
        const choices = percents.map((percent, index) => choice(String(index), percent));
        const sum = percents.reduce((total, percent) => total + percent, 0);
        const split = new WeightedSplit(choices);
        for (let turn = 0; turn < skipped; turn += 1) split.next();
        const counts = new Map<string, number>();
        for (let turn = 0; turn < sum; turn += 1) {
          const name = split.next()?.name ?? '';
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
        for (const { name, percent } of choices) expect(counts.get(name) ?? 0).toBe(percent);
      }),
    );
  });
});
