/** Owns the frame of every suite: what the machine did before and after, and the report that people read. */
import { execFileSync } from 'node:child_process';
import { repository } from '../../quickstart/settings.ts';
import { lookAtIdleness, machineOf, readTicks, sharesBetween } from './machine/facts.ts';
import type { Machine } from './machine/facts.ts';
import { checkQuietness } from './machine/quietness.ts';
import type { Surroundings } from './machine/quietness.ts';
import { isQuick } from './pace.ts';
import type { SuiteReport } from './suite-report.ts';
import { rounded } from './tables.ts';
import { verdictTable } from './verdict.ts';

export interface SuiteResult extends SuiteReport {
  readonly suite: string;
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly surroundings: Surroundings;
  readonly warnings: readonly string[];
}

/** Runs a suite and returns its result. */
export async function runSuite(suite: string, run: () => Promise<SuiteReport>): Promise<SuiteResult> {
  const machine = machineOf();
  const measuredAt = new Date().toISOString();
  const fairlead = revision();
  const before = await lookAtIdleness();
  const ticks = readTicks();
  const report = await run();
  const during = sharesBetween(ticks, readTicks());
  const surroundings = { before, during, after: await lookAtIdleness() };
  const warnings = [
    ...(isQuick ? ['This was a quick run, for trying out: too short for figures to keep.'] : []),
    ...checkQuietness(surroundings),
  ];
  const versions = { Fairlead: fairlead, Node: process.version, ...report.versions };
  return { suite, measuredAt, machine, surroundings, warnings, ...report, versions };
}

/** Returns the version and commit of what is measured; `+` behind the commit: changed since. */
function revision(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!test') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${changed ? '+' : ''}`;
}

/** Returns the report of a result, as Markdown. */
export function makeMarkdown(result: SuiteResult): string {
  const { suite, measuredAt, machine, surroundings, warnings, versions, verdicts, leftOut } = result;
  const { before, after } = surroundings;
  const parts = [
    `# Benchmark: ${suite}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.kernel}. ` +
      `${Object.entries(versions)
        .map(([program, version]) => `${program} ${version}`)
        .join(', ')}. ` +
      `Load average ${rounded(before.load)} before, ${rounded(after.load)} after. ${measuredAt.slice(0, 10)}.`,
    ...(warnings.length === 0
      ? []
      : [`**Not a quiet run: do not keep these figures.** ${warnings.join(' ')}`]),
    ...(result.text === '' ? [] : [result.text.trim()]),
    ...(verdicts.length === 0 ? [] : [`Budgets of the design:\n\n${verdictTable(verdicts)}`]),
    ...(leftOut.length === 0 ? [] : [`Left out: ${leftOut.join(' ')}`]),
  ];
  return `${parts.join('\n\n')}\n`;
}
