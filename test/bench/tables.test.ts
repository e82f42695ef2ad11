import { describe, expect, it } from 'vitest';
import { makeTable, median, rounded, spread } from './tables.ts';

describe('a table', () => {
  it('has its columns, a rule and its rows', () => {
    expect(makeTable(['proxy', 'µs'], [['nginx', 14]])).toBe('| proxy | µs |\n| --- | --- |\n| nginx | 14 |');
  });
});

it.each([
  ['the only one', [3], 3],
  ['the second of three, in whatever order', [9, 1, 4], 4],
  ['the upper one of two', [1, 2], 2],
  ['no number where there are none', [], Number.NaN],
])('the middle is %s', (_name, values, expected) => {
  expect(median(values)).toBe(expected);
});

it('tells how far measurements are apart as a share of their middle', () => {
  expect(spread([9, 10, 12])).toBeCloseTo(0.3);
  expect(rounded(1.2345, 2)).toBe(1.23);
});
