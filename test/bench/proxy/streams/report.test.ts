import { expect, it } from 'vitest';
import { makeStreamsReport } from './report.ts';

it('tells what one stream takes of each process, and watches ours', () => {
  const rows = [
    { process: 'Envoy edge', withoutMiB: 70, withMiB: 170 },
    { process: 'Fairlead sidecar', withoutMiB: 60, withMiB: 160 },
  ];
  const { text, ratios } = makeStreamsReport(rows, 2_000, {});
  expect(text).toContain('| Fairlead sidecar | 60 | 160 | 51.2 |');
  expect(ratios).toEqual({ 'Fairlead sidecar: KiB per idle stream': 51.2 });
});
