/** Owns the rows of the table: the middle of the rounds of each process, and its ratios to the yardsticks of the run. */
import { median, rounded, spread } from '../../tables.ts';
import type { Sample } from './measure.ts';
import type { Shape } from './shapes.ts';

export interface CpuRow {
  readonly shape: Shape;
  readonly proxy: string;
  readonly microsecondsPerRequest: number;
  /** Greatest less smallest of the rounds, as a share of the middle. */
  readonly spread: number;
  /** To Envoy in the same shape. */
  readonly timesEnvoy: number;
  /** To Envoy without TLS: the strict reading of the budgets. */
  readonly timesPlainEnvoy: number;
  /** To nginx in the same shape. */
  readonly timesNginx: number;
  readonly idleMiB: number;
  readonly loadedMiB: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Returns one row for each proxy and shape, in the order of shapes, and of the lineup within one. */
export function makeRows(samples: readonly Sample[]): CpuRow[] {
  const groups = Map.groupBy(samples, ({ shape, proxy }) => `${shape} ${proxy}`);
  const costOf = (shape: Shape, proxy: string): number =>
    median((groups.get(`${shape} ${proxy}`) ?? []).map((sample) => sample.microsecondsPerRequest));
  const rows = [...groups.values()].map((group): CpuRow => {
    const middle = (read: (sample: Sample) => number, digits = 1): number =>
      rounded(median(group.map(read)), digits);
    const [{ shape, proxy }] = group as [Sample, ...Sample[]];
    const cost = costOf(shape, proxy);
    return {
      shape,
      proxy,
      microsecondsPerRequest: rounded(cost),
      spread: rounded(spread(group.map((sample) => sample.microsecondsPerRequest)), 2),
      timesEnvoy: rounded(cost / costOf(shape, 'Envoy'), 2),
      timesPlainEnvoy: rounded(cost / costOf('A', 'Envoy'), 2),
      timesNginx: rounded(cost / costOf(shape, 'nginx'), 2),
      idleMiB: middle((sample) => sample.idleMiB),
      loadedMiB: middle((sample) => sample.loadedMiB),
      requestsPerSecond: middle((sample) => sample.load.requestsPerSecond, 0),
      p50Ms: middle((sample) => sample.load.p50Ms, 2),
      p99Ms: middle((sample) => sample.load.p99Ms, 2),
    };
  });
  return rows.sort((one, other) => one.shape.localeCompare(other.shape));
}
