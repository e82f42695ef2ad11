/** Owns how the figures of the suite `latency` are shown, and their budget. */
import type { SuiteReport } from '../../suite-report.ts';
import { makeTable, median, rounded } from '../../tables.ts';
import { judge } from '../../verdict.ts';
import type { Latency } from './vegeta.ts';

/** In milliseconds; one for each round. */
export type LatencySamples = Readonly<Record<'direct' | 'Envoy' | 'Fairlead', readonly Latency[]>>;

export interface LatencyRow {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** More than directly. */
  readonly addedP50Ms: number;
  readonly addedP99Ms: number;
}

/** Returns the middles of the rounds, and what each way adds to the direct one. */
export function makeLatencyRows(samples: LatencySamples): Readonly<Record<keyof LatencySamples, LatencyRow>> {
  const middle = (way: keyof LatencySamples, read: (latency: Latency) => number): number =>
    median(samples[way].map(read));
  const rowOf = (way: keyof LatencySamples): LatencyRow => {
    const [p50, p99] = [middle(way, ({ p50Ms }) => p50Ms), middle(way, ({ p99Ms }) => p99Ms)];
    return {
      p50Ms: rounded(p50, 3),
      p99Ms: rounded(p99, 3),
      maxMs: rounded(Math.max(...samples[way].map(({ maxMs }) => maxMs)), 1),
      addedP50Ms: rounded(p50 - middle('direct', ({ p50Ms }) => p50Ms), 3),
      addedP99Ms: rounded(p99 - middle('direct', ({ p99Ms }) => p99Ms), 3),
    };
  };
  return { direct: rowOf('direct'), Envoy: rowOf('Envoy'), Fairlead: rowOf('Fairlead') };
}

const names: Readonly<Record<keyof LatencySamples, string>> = {
  direct: 'no proxy',
  Envoy: 'pair of bare Envoys',
  Fairlead: 'Fairlead gateway + sidecar',
};

/** Returns the report; `perSecond` is the rate. */
export function makeLatencyReport(
  samples: LatencySamples,
  perSecond: number,
  versions: SuiteReport['versions'],
): SuiteReport {
  const rows = makeLatencyRows(samples);
  const ways = Object.keys(names) as (keyof LatencySamples)[];
  const { addedP50Ms, addedP99Ms } = rows.Fairlead;
  const timesEnvoy = rounded(addedP50Ms / rows.Envoy.addedP50Ms, 2);
  return {
    figures: { perSecond, rows },
    // Where the machine was too busy to show what Envoy adds there is nothing to be compared.
    ratios: rows.Envoy.addedP50Ms > 0 ? { 'latency added, p50, × pair of Envoys': timesEnvoy } : {},
    verdicts: [judge({ what: 'latency added, p99', atMost: 5, aim: 2, unit: 'ms' }, addedP99Ms)],
    text: `${perSecond} requests/s at a constant rate, the middle of the rounds, the greatest of all; mTLS between the
proxies of a pair.

${makeTable(
  ['way', 'p50 ms', 'p99 ms', 'max ms', 'added p50 ms', 'added p99 ms'],
  ways.map((way) => {
    const { p50Ms, p99Ms, maxMs, ...added } = rows[way];
    return [names[way], p50Ms, p99Ms, maxMs, added.addedP50Ms, added.addedP99Ms];
  }),
)}`,
    leftOut: [],
    versions,
  };
}
