/** Owns the rows of the table: the middle of the rounds of each process, and its ratios to the yardsticks of the run. */
import { median, rounded, spread } from '../../tables.ts';
import type { Sample } from './measure.ts';
import type { Shape } from './shapes.ts';

export interface CpuRow {
  readonly shape: Shape;
  readonly proxy: string;
  readonly microsecondsPerRequest: number;
  /** The same of each round. */
  readonly rounds: readonly number[];
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

/**
 * Returns one row for each proxy and shape, in the order of shapes, and of the lineup within one. A ratio is the middle
 * of the ratios within each round: a machine whose speed drifts between two rounds does so for everybody.
 */
export function makeRows(samples: readonly Sample[]): CpuRow[] {
  const groups = Map.groupBy(samples, ({ shape, proxy }) => `${shape} ${proxy}`);
  const timesOf = (group: readonly Sample[], shape: Shape, yardstick: string): number => {
    const others = groups.get(`${shape} ${yardstick}`) ?? [];
    return median(
      group.map(({ round, microsecondsPerRequest }) => {
        const other = others.find((sample) => sample.round === round);
        return microsecondsPerRequest / (other?.microsecondsPerRequest ?? Number.NaN);
      }),
    );
  };
  const rows = [...groups.values()].map((group): CpuRow => {
    const [{ shape, proxy }] = group as [Sample, ...Sample[]];
    return {
      shape,
      proxy,
      ...middleOf(group),
      timesEnvoy: rounded(timesOf(group, shape, 'Envoy'), 2),
      timesPlainEnvoy: rounded(timesOf(group, 'A', 'Envoy'), 2),
      timesNginx: rounded(timesOf(group, shape, 'nginx'), 2),
    };
  });
  return rows.sort((one, other) => one.shape.localeCompare(other.shape));
}

type Times = 'timesEnvoy' | 'timesPlainEnvoy' | 'timesNginx';

function middleOf(group: readonly Sample[]): Omit<CpuRow, 'shape' | 'proxy' | Times> {
  const middle = (read: (sample: Sample) => number, digits = 1): number =>
    rounded(median(group.map(read)), digits);
  const rounds = group.map(({ microsecondsPerRequest }) => microsecondsPerRequest);
  return {
    microsecondsPerRequest: rounded(median(rounds)),
    rounds: rounds.map((cost) => rounded(cost)),
    spread: rounded(spread(rounds), 2),
    idleMiB: middle(({ idleMiB }) => idleMiB),
    loadedMiB: middle(({ loadedMiB }) => loadedMiB),
    requestsPerSecond: middle(({ load }) => load.requestsPerSecond, 0),
    p50Ms: middle(({ load }) => load.p50Ms, 2),
    p99Ms: middle(({ load }) => load.p99Ms, 2),
  };
}
