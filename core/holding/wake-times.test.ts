import { describe, expect, it } from 'vitest';
import { WakeTimes } from './wake-times.ts';

const after = (measured: readonly number[], told?: number): number | undefined => {
  const times = new WakeTimes();
  times.tell(told);
  for (const time of measured) times.note(time);
  return times.expectedMs;
};
const repeated = (time: number, count: number): number[] => new Array<number>(count).fill(time);

describe('the time that a model takes to wake', () => {
  it.each<[string, number[], number | undefined, number | undefined]>([
    ['is unknown at first', [], undefined, undefined],
    ['is what somebody else has measured while nothing else is known', [], 8_000, 8_000],
    ['is what was measured here where it was', [5_000], 8_000, 5_000],
    ['is the longest of a few', [5_000, 9_000, 6_000], undefined, 9_000],
    ['is not that of the one exception among many', [300_000, ...repeated(5_000, 19)], undefined, 5_000],
    ['forgets what was long ago', [...repeated(60_000, 40), ...repeated(5_000, 32)], undefined, 5_000],
  ])('%s', (_name, measured, told, expected) => {
    expect(after(measured, told)).toBe(expected);
  });
});
