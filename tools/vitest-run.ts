/** Owns how the tools run vitest: its command line, and what its report says afterwards. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../quickstart/settings.ts';
import { countVitest, honest } from './test-counts.ts';
import type { TestCounts } from './test-counts.ts';

const vitest = join(repository, 'node_modules', 'vitest', 'vitest.mjs');

/** Where the reports of test runners lie. */
export const results = join(repository, 'node_modules', '.cache', 'test-results');

/** Returns the command that runs the tests that `selection` names and writes a report to `file`. */
export const makeVitestCommand = (file: string, selection: readonly string[]): [string, ...string[]] => [
  process.execPath,
  ...[vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
  ...selection,
];

/** Returns the command that writes the list of these tests to `file` and runs none. */
export const makeListCommand = (file: string, selection: readonly string[]): [string, ...string[]] => [
  process.execPath,
  ...[vitest, 'list', `--json=${file}`, ...selection],
];

/** Returns the counts of a run that wrote its report to `file`. */
export const readVitestCounts = (file: string, succeeded: boolean): TestCounts =>
  honest(countVitest(readReport(file)), succeeded);

/** Returns a report's text, empty where the suite broke before it could write one. */
export function readReport(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // That it broke, its exit status tells.
    return '';
  }
}
