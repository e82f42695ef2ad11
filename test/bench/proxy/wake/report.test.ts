import { expect, it } from 'vitest';
import { makeWakeReport } from './report.ts';

it('judges the middle of the wake-ups and shows the worst', () => {
  const { text, verdicts } = makeWakeReport({ scaleWrittenMs: [4, 30, 5], firstByteMs: [18, 60, 55] });
  expect(text).toContain('| request sent → scale written | 5 | 30 | 3 |');
  expect(verdicts.map(({ kept, aimReached }) => [kept, aimReached])).toEqual([
    [true, true],
    [false, false],
  ]);
});
