/** Owns how the figures of the suite `endurance` are shown, and its budget. */
import type { SuiteReport } from '../../suite-report.ts';
import { makeTable, rounded } from '../../tables.ts';
import { judge } from '../../verdict.ts';

/** Memory of the two processes after so many requests. */
export interface Reading {
  readonly requests: number;
  readonly gatewayMiB: number;
  readonly sidecarMiB: number;
}

/** Within what a garbage collector that has just not run accounts for. */
const noGrowth = 1.1;

const processes = { gatewayMiB: 'Fairlead gateway', sidecarMiB: 'Fairlead sidecar' } as const;
const thousands = (requests: number): string =>
  (Math.round(requests / 1_000) * 1_000).toLocaleString('en-US');

/** Returns the report on an early and a late reading. */
export function makeEnduranceReport(
  early: Reading,
  late: Reading,
  versions: SuiteReport['versions'],
): SuiteReport {
  const growth = (Object.keys(processes) as (keyof typeof processes)[]).map((key) => ({
    process: processes[key],
    earlyMiB: rounded(early[key]),
    lateMiB: rounded(late[key]),
    times: rounded(late[key] / early[key], 2),
  }));
  return {
    figures: { early, late },
    ratios: Object.fromEntries(growth.map(({ process, times }) => [`${process}: growth of memory`, times])),
    verdicts: growth.map(({ process, times }) =>
      judge({ what: `${process}, memory late over early`, atMost: noGrowth, unit: '×' }, times),
    ),
    text: `Gateway and sidecar under wrk -t1 -c32, memory (RSS) after so many requests.

${makeTable(
  ['process', `MiB after ${thousands(early.requests)}`, `after ${thousands(late.requests)}`, 'growth'],
  growth.map(({ process, earlyMiB, lateMiB, times }) => [process, earlyMiB, lateMiB, `${times} ×`]),
)}`,
    leftOut: [],
    versions,
  };
}
