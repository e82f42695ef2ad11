import { expect, it } from 'vitest';
import { parseReport } from './vegeta.ts';

const report = {
  latencies: {
    total: 9,
    mean: 3,
    '50th': 450_000,
    '90th': 1,
    '95th': 1,
    '99th': 2_100_000,
    max: 9e6,
    min: 1,
  },
  success: 1,
  status_codes: { '200': 15_000 },
};

it('reads nanoseconds as milliseconds', () => {
  expect(parseReport(JSON.stringify(report))).toEqual({ p50Ms: 0.45, p99Ms: 2.1, maxMs: 9 });
});

it('takes no figures of a run in which requests failed', () => {
  const failed = { ...report, success: 0.9, status_codes: { '200': 13_500, '503': 1_500 } };
  expect(() => parseReport(JSON.stringify(failed))).toThrow('200: 13500, 503: 1500');
});
