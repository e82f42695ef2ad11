/** Owns how the figures are shown: as JSON for machines, and as tables with ratios for people. */
import { judge } from './budgets.ts';
import type { Judged, Verdict } from './budgets.ts';
import type { ProxyFigures } from './proxy-cpu.ts';
import type { SuiteReport } from '../suite-report.ts';
import type { WakeUpFigures } from './wake-up.ts';

export interface BenchInput {
  readonly machine: string;
  readonly versions: string;
  /** Load averages of one minute, at the start and at the end: above what the run itself needs others share the cores. */
  readonly loadAverages: readonly [number, number];
  readonly proxies: readonly ProxyFigures[];
  readonly wakeUp: WakeUpFigures;
}

interface ProxyRow {
  readonly name: string;
  readonly microsecondsPerRequest: number;
  /** To plain nginx of the same run: figures of different machines compare by it, times do not. */
  readonly timesPlainNginx: number;
  readonly timesBareNode: number;
  readonly idleMiB: number;
  readonly residentMiB: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Returns the figures of a run in both forms. */
export function makeReport(input: BenchInput): SuiteReport {
  const [nginx, node] = input.proxies;
  const rows = input.proxies.map(
    ({ name, microsecondsPerRequest, idleMiB, residentMiB, load }): ProxyRow => ({
      name,
      microsecondsPerRequest: rounded(microsecondsPerRequest),
      timesPlainNginx: rounded(microsecondsPerRequest / (nginx?.microsecondsPerRequest ?? Number.NaN), 2),
      timesBareNode: rounded(microsecondsPerRequest / (node?.microsecondsPerRequest ?? Number.NaN), 2),
      idleMiB: rounded(idleMiB),
      residentMiB: rounded(residentMiB),
      requestsPerSecond: Math.round(load.requestsPerSecond),
      p50Ms: rounded(load.p50Ms, 2),
      p99Ms: rounded(load.p99Ms, 2),
    }),
  );
  const wakeUp = {
    requestToScaleWrittenMs: summary(input.wakeUp.scaleWrittenMs),
    readyToFirstByteMs: summary(input.wakeUp.firstByteMs),
  };
  const { machine, versions } = input;
  const loadAverages = input.loadAverages.map((load) => rounded(load));
  const verdicts = judge({
    ...ratiosOf(rows),
    requestToScaleWrittenMs: wakeUp.requestToScaleWrittenMs.median,
    readyToFirstByteMs: wakeUp.readyToFirstByteMs.median,
  });
  const table = `# Benchmark

${machine}; ${versions}. Load average ${loadAverages.join(' at the start, ')} at the end of the run.

wrk -t1 -c32, keep-alive, POST of a 150-byte dataframe_split with a bearer token, backend on
loopback; CPU is user + system time of the process per request. Request rates and latencies are of machines whose cores
all parts share, and of both proxies of a pair together.

| proxy | CPU µs/request | × nginx | × bare Node | RSS MiB, idle | after the load | requests/s | p50 ms | p99 ms |
|---|---|---|---|---|---|---|---|---|
${rows.map(rowText).join('\n')}

| wake-up from zero | median ms | worst ms | of |
|---|---|---|---|
| request sent → scale written | ${cells(wakeUp.requestToScaleWrittenMs)} |
| model answers its health check → first byte of the request there | ${cells(wakeUp.readyToFirstByteMs)} |

Budgets of the design. Those that name Envoy are carried over by Envoy's ratio to nginx and to bare Node on the machine
where all three were measured; times of different machines are not compared.

| budget | at most | measured | kept |
|---|---|---|---|
${verdicts.map(verdictText).join('\n')}
`;
  return { figures: { machine, versions, loadAverages, proxies: rows, wakeUp, budgets: verdicts }, table };
}

const rowText = (row: ProxyRow): string =>
  `| ${[
    row.name,
    row.microsecondsPerRequest,
    row.timesPlainNginx,
    row.timesBareNode,
    row.idleMiB,
    row.residentMiB,
    row.requestsPerSecond,
    row.p50Ms,
    row.p99Ms,
  ].join(' | ')} |`;

const verdictText = ({ budget, atMost, unit, measured, kept }: Verdict): string =>
  `| ${budget} | ${atMost} ${unit} | ${measured} | ${kept ? 'yes' : 'no'} |`;

/** The pair under test comes last, the gateway first. */
function ratiosOf(rows: readonly ProxyRow[]): Omit<Judged, 'requestToScaleWrittenMs' | 'readyToFirstByteMs'> {
  const [gateway, sidecar] = rows.slice(-2);
  if (gateway === undefined || sidecar === undefined) throw new Error('the run has no pair to judge');
  return {
    gatewayTimesNginx: gateway.timesPlainNginx,
    gatewayTimesBareNode: gateway.timesBareNode,
    sidecarTimesNginx: sidecar.timesPlainNginx,
    sidecarTimesBareNode: sidecar.timesBareNode,
    sidecarIdleMiB: sidecar.idleMiB,
    sidecarLoadedMiB: sidecar.residentMiB,
  };
}

interface Summary {
  readonly median: number;
  readonly worst: number;
  readonly count: number;
}

const cells = ({ median, worst, count }: Summary): string => `${median} | ${worst} | ${count}`;

function summary(values: readonly number[]): Summary {
  const sorted = [...values].sort((one, other) => one - other);
  return {
    median: rounded(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN),
    worst: rounded(sorted.at(-1) ?? Number.NaN),
    count: sorted.length,
  };
}

function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
