/** Owns how the figures of the suite `streams` are shown. */
import type { SuiteReport } from '../../suite-report.ts';
import { makeTable, rounded } from '../../tables.ts';

/** Memory of one process. */
export interface StreamsRow {
  readonly process: string;
  /** Warm, without a stream. */
  readonly withoutMiB: number;
  readonly withMiB: number;
}

/** Returns the report on `streams` open streams. */
export function makeStreamsReport(
  rows: readonly StreamsRow[],
  streams: number,
  versions: SuiteReport['versions'],
): SuiteReport {
  const perStream = rows.map(({ process, withoutMiB, withMiB }) => ({
    process,
    withoutMiB: rounded(withoutMiB),
    withMiB: rounded(withMiB),
    kibPerStream: rounded(((withMiB - withoutMiB) * 1024) / streams),
  }));
  return {
    figures: { streams, rows: perStream },
    ratios: Object.fromEntries(
      perStream
        .filter(({ process }) => process.startsWith('Fairlead'))
        .map(({ process, kibPerStream }) => [`${process}: KiB per idle stream`, kibPerStream]),
    ),
    verdicts: [],
    text: `${streams} streams of server-sent events through a pair with mTLS between its proxies, all open and idle.

${makeTable(
  ['process', 'RSS MiB without streams', 'with them', 'KiB per stream'],
  perStream.map((row) => [row.process, row.withoutMiB, row.withMiB, row.kibPerStream]),
)}`,
    leftOut: [],
    versions,
  };
}
