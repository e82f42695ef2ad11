/** Owns how the figures of the suite `bodies` are shown. */
import type { SuiteReport } from '../../suite-report.ts';
import { makeTable, rounded } from '../../tables.ts';
import type { Direction } from './transfer.ts';

/** Of one process of a pair; megabytes are 10⁶ bytes. */
export interface BodiesRow {
  readonly direction: Direction;
  readonly process: string;
  /** Of everything that the bodies went through. */
  readonly megabytesPerSecond: number;
  readonly cpuMicrosecondsPerMegabyte: number;
  readonly idleMiB: number;
  readonly peakMiB: number;
}

const words: Readonly<Record<Direction, string>> = { up: 'request', down: 'answer' };

/** Returns the report; `directly` is what is moved without a proxy. */
export function makeBodiesReport(
  rows: readonly BodiesRow[],
  directly: Readonly<Record<Direction, number>>,
  versions: SuiteReport['versions'],
): SuiteReport {
  const ours = rows.filter(({ process }) => process.startsWith('Fairlead'));
  const rate = (process: string, direction: Direction): number =>
    rows.find((row) => row.process === process && row.direction === direction)?.megabytesPerSecond ??
    Number.NaN;
  return {
    figures: { rows, directly },
    ratios: Object.fromEntries([
      ...ours.map(({ process, direction, peakMiB }) => [
        `${process}, large ${words[direction]}: peak MiB`,
        rounded(peakMiB),
      ]),
      ...(['up', 'down'] as const).map((direction) => [
        `time of a large ${words[direction]} × pair of Envoys`,
        rounded(rate('Envoy edge', direction) / rate('Fairlead gateway', direction), 2),
      ]),
    ]) as Record<string, number>,
    verdicts: [],
    text: `Bodies of 16 MB (10⁶ bytes), four at a time, mTLS between the proxies of a pair; without a proxy
${rounded(directly.up, 0)} MB/s as requests and ${rounded(directly.down, 0)} MB/s as answers. Client and model are Node.

${makeTable(
  ['body', 'process', 'MB/s', 'CPU µs/MB', 'RSS MiB, idle', 'peak'],
  rows.map((row) => [
    words[row.direction],
    row.process,
    rounded(row.megabytesPerSecond, 0),
    rounded(row.cpuMicrosecondsPerMegabyte, 0),
    rounded(row.idleMiB),
    rounded(row.peakMiB),
  ]),
)}`,
    leftOut: [],
    versions,
  };
}
