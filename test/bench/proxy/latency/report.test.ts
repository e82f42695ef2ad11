import { describe, expect, it } from 'vitest';
import { makeLatencyReport, makeLatencyRows } from './report.ts';

const at = (p50Ms: number, p99Ms: number): { p50Ms: number; p99Ms: number; maxMs: number } => ({
  p50Ms,
  p99Ms,
  maxMs: 2 * p99Ms,
});
const samples = {
  direct: [at(0.2, 1), at(0.25, 1.5), at(0.2, 9)],
  Envoy: [at(0.4, 2), at(0.4, 2), at(0.4, 2)],
  Fairlead: [at(0.5, 4), at(0.5, 3), at(0.6, 4)],
};

describe('added latency', () => {
  it('is the middle of the rounds less that of no proxy', () => {
    expect(makeLatencyRows(samples).Fairlead).toEqual({
      p50Ms: 0.5,
      p99Ms: 4,
      maxMs: 8,
      addedP50Ms: 0.3,
      addedP99Ms: 2.5,
    });
  });

  it('is judged by its p99, and compared with a pair of Envoys by its p50', () => {
    const { verdicts, ratios } = makeLatencyReport(samples, 1_000, {});
    expect(verdicts).toMatchObject([{ measured: 2.5, kept: true, aimReached: false }]);
    expect(ratios).toEqual({ 'latency added, p50, × pair of Envoys': 1.5 });
  });

  it('is not compared where Envoy seems to add none', () => {
    const noisy = { ...samples, Envoy: [at(0.1, 1)] };
    expect(makeLatencyReport(noisy, 1_000, {}).ratios).toEqual({});
  });
});
