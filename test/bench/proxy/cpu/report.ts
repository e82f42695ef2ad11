/** Owns how the figures of the suite `proxy` are shown. */
import type { SuiteReport } from '../../suite-report.ts';
import { makeTable } from '../../tables.ts';
import { judgeRows, ratiosOf } from './budgets.ts';
import type { Sample } from './measure.ts';
import type { Programs } from './programs.ts';
import { makeRows } from './rows.ts';
import type { CpuRow } from './rows.ts';
import { shapes } from './shapes.ts';

const about = `wrk -t1 -c32, keep-alive, POST of a 150-byte dataframe_split with a bearer token, backend on loopback;
CPU is user + system time of the process per request that it answered, the middle of the rounds, ± their spread; ratios
are the middle of those within each round.
nginx, HAProxy and Envoy have one worker. Shapes B and C are the two proxies of one pair with mTLS between them
(Knative's stands behind nginx, and asks for no certificate); D is the edge of a pair that has TLS in front as well, and
asks callers for no certificate: wrk has none. Fairlead has all policies on, Knative its limit on concurrency, the
others none. In shape A the sidecar is its pipeline without TLS, run from sources: its memory there is not the sidecar's.
Request rates and latencies are of everything that a request went through, on cores that all parts share.`;

const columns = [
  ...['shape', 'proxy', 'CPU µs/request', '±', '× Envoy', '× plain Envoy', '× nginx'],
  ...['RSS MiB, idle', 'loaded', 'requests/s', 'p50 ms', 'p99 ms'],
];

/** Returns the report. */
export function makeCpuReport(
  samples: readonly Sample[],
  programs: Pick<Programs, 'versions' | 'leftOut'>,
): SuiteReport {
  const rows = makeRows(samples);
  return {
    figures: { rows },
    ratios: ratiosOf(rows),
    verdicts: judgeRows(rows),
    text: `${about}\n\n${makeTable(columns, rows.map(cellsOf))}`,
    leftOut: programs.leftOut,
    versions: programs.versions,
  };
}

const cellsOf = (row: CpuRow): (string | number)[] => [
  `${row.shape}: ${shapes[row.shape]}`,
  row.proxy,
  row.microsecondsPerRequest,
  `${(row.spread * 100).toFixed(0)} %`,
  row.timesEnvoy,
  row.timesPlainEnvoy,
  row.timesNginx,
  row.idleMiB,
  row.loadedMiB,
  row.requestsPerSecond,
  row.p50Ms,
  row.p99Ms,
];
