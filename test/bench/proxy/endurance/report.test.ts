import { expect, it } from 'vitest';
import { makeEnduranceReport } from './report.ts';

it('tells growth from a heap that breathes', () => {
  const early = { requests: 104_000, gatewayMiB: 150, sidecarMiB: 80 };
  const late = { requests: 1_003_000, gatewayMiB: 160, sidecarMiB: 120 };
  const { verdicts, ratios, text } = makeEnduranceReport(early, late, {});
  expect(text).toContain('| process | MiB after 104,000 | after 1,003,000 | growth |');
  expect(ratios).toEqual({
    'Fairlead gateway: growth of memory': 1.07,
    'Fairlead sidecar: growth of memory': 1.5,
  });
  expect(verdicts.map(({ kept }) => kept)).toEqual([true, false]);
});
