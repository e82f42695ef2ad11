/** Owns `npm run bench -- compare [file]`: the newest results beside the committed ones, or beside those in a file. */
import { basename } from 'node:path';
import { committedResult, keptSuites, readResult } from '../results-file.ts';
import type { KeptResult } from '../results-file.ts';
import { makeTable, rounded } from '../tables.ts';
import { compareRatios, tolerance } from './compare.ts';

/**
 * Prints what became of each ratio; returns whether none got worse by more than the tolerance.
 *
 * @throws AppError `RESULT_MISSING` or `RESULT_UNREADABLE`.
 */
export function runCompare(file?: string): boolean {
  const pairs = file === undefined ? committedPairs() : [pairWith(file)];
  return pairs.map(([title, before, after]) => tell(title, before, after)).every((good) => good);
}

type Pair = readonly [title: string, before: KeptResult | undefined, after: KeptResult];

const committedPairs = (): Pair[] =>
  keptSuites().map((suite) => [`${suite}: committed → newest`, committedResult(suite), readResult(suite)]);

function pairWith(file: string): Pair {
  const before = readResult(file);
  return [`${before.suite}: ${basename(file)} → newest`, before, readResult(before.suite)];
}

function tell(title: string, before: KeptResult | undefined, after: KeptResult): boolean {
  const changes = compareRatios(before?.ratios ?? {}, after.ratios);
  const rows = changes.map((change) => [
    change.name,
    cell(change.before),
    cell(change.after),
    change.before === undefined || change.after === undefined
      ? ''
      : `${rounded((change.after / change.before - 1) * 100)} %`,
    change.verdict,
  ]);
  const worse = changes.filter(({ verdict }) => verdict === 'worse').length;
  console.log(`${title}\n\n${makeTable(['ratio', 'before', 'after', 'change', ''], rows)}\n`);
  if (worse > 0) console.log(`${worse} got worse by more than ${tolerance * 100} %.\n`);
  return worse === 0;
}

const cell = (ratio: number | undefined): string | number => (ratio === undefined ? '–' : rounded(ratio, 3));
