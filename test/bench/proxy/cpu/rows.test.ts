import { describe, expect, it } from 'vitest';
import { judgeRows, ratiosOf } from './budgets.ts';
import type { Sample } from './measure.ts';
import { makeCpuReport } from './report.ts';
import { makeRows } from './rows.ts';
import type { Shape } from './shapes.ts';

const sample = (proxy: string, shape: Shape, microsecondsPerRequest: number, round = 1): Sample => ({
  proxy,
  shape,
  round,
  microsecondsPerRequest,
  idleMiB: 44,
  loadedMiB: 62,
  load: { requests: 1, requestsPerSecond: 20_000.4, p50Ms: 1, p99Ms: 3, errors: 0 },
});

const samples = [
  sample('nginx', 'A', 15),
  sample('Envoy', 'A', 40),
  sample('nginx', 'C', 20),
  sample('nginx', 'B', 20),
  sample('Envoy', 'C', 52),
  sample('Envoy', 'B', 50),
  sample('Fairlead gateway', 'C', 60),
  sample('Fairlead sidecar', 'B', 45),
];

describe('a row', () => {
  const rows = makeRows(samples);

  it('stands with those of its shape, in the order in which they were measured', () => {
    expect(rows.map(({ shape, proxy }) => `${shape} ${proxy}`)).toEqual([
      ...['A nginx', 'A Envoy', 'B nginx', 'B Envoy', 'B Fairlead sidecar'],
      ...['C nginx', 'C Envoy', 'C Fairlead gateway'],
    ]);
  });

  it('has its ratios to the yardsticks of its shape, and to plain Envoy', () => {
    expect(rows.find(({ proxy }) => proxy === 'Fairlead sidecar')).toMatchObject({
      microsecondsPerRequest: 45,
      timesEnvoy: 0.9,
      timesPlainEnvoy: 1.13,
      timesNginx: 2.25,
      requestsPerSecond: 20_000,
    });
  });

  it('is the middle of its rounds; each is compared with the yardstick of that round', () => {
    const drifting = [50, 100, 51].flatMap((cost, index) => [
      sample('Envoy', 'A', cost, index),
      sample('Fairlead sidecar', 'A', 0.8 * cost, index),
    ]);
    expect(makeRows(drifting)[1]).toMatchObject({
      microsecondsPerRequest: 40.8,
      rounds: [40, 80, 40.8],
      spread: 0.98,
      timesEnvoy: 0.8,
    });
  });
});

describe('the budgets', () => {
  it('judge gateway and sidecar, in their shape and strictly, and the memory of the sidecar', () => {
    const verdicts = judgeRows(makeRows(samples));
    expect(verdicts.map(({ what, unit, measured, kept }) => [what, unit, measured, kept])).toEqual([
      ['Fairlead sidecar, mTLS in, plain out', '× Envoy in the same shape', 0.9, true],
      ['Fairlead sidecar, mTLS in, plain out', '× plain Envoy', 1.13, false],
      ['Fairlead sidecar, memory before the load', 'MiB', 44, true],
      ['Fairlead sidecar, memory after it', 'MiB', 62, false],
      ['Fairlead gateway, plain in, mTLS out', '× Envoy in the same shape', 1.15, true],
      ['Fairlead gateway, plain in, mTLS out', '× plain Envoy', 1.5, false],
    ]);
  });

  it('judge a plain sidecar once: its shape is the strict one', () => {
    const plain = [sample('Envoy', 'A', 40), sample('Fairlead sidecar', 'A', 30)];
    expect(judgeRows(makeRows(plain)).map(({ measured }) => measured)).toEqual([0.75]);
  });
});

it('watches the ratios of Fairlead alone', () => {
  expect(ratiosOf(makeRows(samples))).toEqual({
    'Fairlead sidecar, mTLS in, plain out: CPU × Envoy': 0.9,
    'Fairlead sidecar, mTLS in, plain out: CPU × nginx': 2.25,
    'Fairlead gateway, plain in, mTLS out: CPU × Envoy': 1.15,
    'Fairlead gateway, plain in, mTLS out: CPU × nginx': 3,
    'Fairlead sidecar, mTLS in, plain out: MiB after the load': 62,
    'Fairlead gateway, plain in, mTLS out: MiB after the load': 62,
  });
});

it('says who is missing from the report', () => {
  const { leftOut, text } = makeCpuReport(samples, {
    versions: {},
    leftOut: ['Knative queue-proxy: no Go.'],
  });
  expect(leftOut[0]).toBe('Knative queue-proxy: no Go.');
  expect(text).toContain('| B: mTLS in, plain out | Fairlead sidecar | 45 | 0 % | 0.9 | 1.13 | 2.25 |');
});
