import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StickySplit } from './sticky-split.ts';

interface Choice {
  readonly servedEntity: string;
  readonly percent: number;
}

const splitOf = (percents: readonly number[]): StickySplit<Choice> =>
  new StickySplit(percents.map((percent, index) => ({ servedEntity: `wine-${index}`, percent })));

const keys = Array.from({ length: 4_000 }, (_, index) => `session-${index}`);
const chosen = (percents: readonly number[]): string[] => {
  const split = splitOf(percents);
  return keys.map((key) => split.pick(key)?.servedEntity ?? '');
};
const shareOf = (name: string, picks: readonly string[]): number =>
  picks.filter((pick) => pick === name).length / picks.length;

/** Percents that sum to 100. */
const weights = fc
  .array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 5 })
  .filter((parts) => parts.some((part) => part > 0))
  .map((parts) => {
    const sum = parts.reduce((total, part) => total + part, 0);
    return parts.map((part) => (part / sum) * 100);
  });

/** Six standard deviations of a share that is drawn as often as there are keys, and a little for the smallest ones. */
const tolerance = (share: number): number =>
  6 * Math.sqrt((share * (1 - share)) / keys.length) + 3 / keys.length;

describe('StickySplit', () => {
  it('has nothing to give without weights', () => {
    expect(splitOf([]).pick('a')).toBeUndefined();
    expect(splitOf([0]).pick('a')).toBeUndefined();
  });

  it('gives one key the same choice always, whatever the order of the choices', () => {
    const choices = [30, 30, 40].map((percent, index) => ({ servedEntity: `wine-${index}`, percent }));
    const [split, turned] = [new StickySplit(choices), new StickySplit(choices.toReversed())];
    for (const key of keys.slice(0, 200))
      expect(turned.pick(key)?.servedEntity).toBe(split.pick(key)?.servedEntity);
  });

  it('never gives a choice without weight', () => {
    expect(new Set(chosen([60, 0, 40]))).toEqual(new Set(['wine-0', 'wine-2']));
  });

  it('gives each choice its share of the keys', () => {
    fc.assert(
      fc.property(weights, (percents) => {
        const picks = chosen(percents);
        for (const [index, percent] of percents.entries()) {
          const share = percent / 100;
          expect(Math.abs(shareOf(`wine-${index}`, picks) - share)).toBeLessThanOrEqual(tolerance(share));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('of two choices moves only keys from the one that loses weight, and no more than it loses', () => {
    const percent = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(percent, percent, (before, after) => {
        const [old, now] = [chosen([before, 100 - before]), chosen([after, 100 - after])];
        const moved = keys.filter((_, index) => old[index] !== now[index]);
        const loser = after < before ? 'wine-0' : 'wine-1';
        for (const [index] of keys.entries()) if (old[index] !== now[index]) expect(old[index]).toBe(loser);
        const lost = Math.abs(before - after) / 100;
        expect(moved.length / keys.length).toBeLessThanOrEqual(lost + tolerance(lost));
      }),
      { numRuns: 30 },
    );
  });

  it('of many choices moves a key only to one that gained weight relative to the one it leaves', () => {
    fc.assert(
      fc.property(weights, weights, (before, after) => {
        const count = Math.min(before.length, after.length);
        const [from, to] = [before.slice(0, count), after.slice(0, count)];
        fc.pre(from.some((part) => part > 0) && to.some((part) => part > 0));
        const [old, now] = [chosen(from), chosen(to)];
        const weightOf = (list: readonly number[], name = ''): number =>
          list[Number(name.slice('wine-'.length))] ?? 0;
        for (const [index] of keys.entries()) {
          const [left, reached] = [old[index], now[index]];
          if (left === reached) continue;
          const gained = weightOf(to, reached) * weightOf(from, left);
          expect(gained).toBeGreaterThan(weightOf(from, reached) * weightOf(to, left));
        }
      }),
      { numRuns: 30 },
    );
  });
});
