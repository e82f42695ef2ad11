import { expect, it } from 'vitest';
import { makeBodiesReport } from './report.ts';

const row = { cpuMicrosecondsPerMegabyte: 900, idleMiB: 60, peakMiB: 75.26 };

it('compares the time with that of a pair of Envoys, and memory by itself', () => {
  const rows = (['up', 'down'] as const).flatMap((direction) => [
    { ...row, direction, process: 'Envoy edge', megabytesPerSecond: 600 },
    { ...row, direction, process: 'Fairlead gateway', megabytesPerSecond: direction === 'up' ? 300 : 600 },
  ]);
  const { ratios, text } = makeBodiesReport(rows, { up: 1_000, down: 1_200 }, {});
  expect(ratios).toEqual({
    'Fairlead gateway, large request: peak MiB': 75.3,
    'Fairlead gateway, large answer: peak MiB': 75.3,
    'time of a large request × pair of Envoys': 2,
    'time of a large answer × pair of Envoys': 1,
  });
  expect(text).toContain('| request | Fairlead gateway | 300 | 900 | 60 | 75.3 |');
});
