import { describe, expect, it } from 'vitest';
import { makeMarkdown } from './run-suite.ts';
import type { SuiteResult } from './run-suite.ts';
import { judge } from './verdict.ts';

const result: SuiteResult = {
  suite: 'proxy',
  measuredAt: '2026-11-25T10:00:00.000Z',
  machine: { cpu: 'AMD EPYC', cores: 2, memoryGiB: 24, kernel: 'Linux 6.18' },
  surroundings: {
    before: { load: 0.31, others: 0 },
    during: { others: 0, stolen: 0 },
    after: { load: 1.97, others: 0 },
  },
  warnings: [],
  figures: {},
  ratios: {},
  verdicts: [judge({ what: 'sidecar', atMost: 1, unit: '× Envoy' }, 0.9)],
  text: 'The table.\n',
  leftOut: ['Knative: no Go.'],
  versions: { nginx: '1.22.1', wrk: '4.1.0' },
};

describe('a report', () => {
  it('begins with the machine, every version and the load, and ends with what was left out', () => {
    expect(makeMarkdown(result)).toBe(`# Benchmark: proxy

AMD EPYC, 2 cores, 24 GiB, Linux 6.18. nginx 1.22.1, wrk 4.1.0. Load average 0.3 before, 2 after. 2026-11-25.

The table.

Budgets of the design:

| budget | at most | measured | kept | aim | reached |
| --- | --- | --- | --- | --- | --- |
| sidecar | 1 × Envoy | 0.9 | yes |  |  |

Left out: Knative: no Go.
`);
  });

  it('warns before anything else when the machine was not quiet', () => {
    const warned = makeMarkdown({ ...result, warnings: ['Others used 50 % of the cores before the run.'] });
    expect(warned.split('\n\n')[2]).toBe(
      '**Not a quiet run: do not keep these figures.** Others used 50 % of the cores before the run.',
    );
  });
});
