/** Owns the list of checks that a change must pass, each with its remedy, and how their outcome is told. */

export interface VerifyStep {
  readonly name: string;
  /** Arguments of Node: the program, from the root of the repository, and its options. */
  readonly command: readonly [program: string, ...options: string[]];
  /** What to do when the check fails. */
  readonly remedy: string;
  /** Shows the output while the step runs, because it takes minutes. */
  readonly isLong?: boolean;
}

export const verifySteps: readonly VerifyStep[] = [
  {
    name: 'types',
    command: ['node_modules/typescript/bin/tsc', '-p', '.'],
    remedy: 'correct the types; `npm run typecheck` repeats this check',
  },
  {
    name: 'lint',
    command: ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0'],
    remedy: 'follow the rules; `npm run lint -- --fix` corrects some by itself',
  },
  {
    name: 'format',
    command: ['node_modules/prettier/bin/prettier.cjs', '--check', '.'],
    remedy: 'run `npm run format`',
  },
  {
    name: 'generated files',
    command: ['tools/verify-generated.ts'],
    remedy: 'run `npm run generate` and commit what it wrote',
  },
  {
    name: 'architecture',
    command: ['node_modules/vitest/vitest.mjs', 'run', 'test/architecture'],
    remedy: 'follow ARCHITECTURE.md: move the code, or turn the dependency around',
  },
  {
    name: 'unused code',
    command: ['node_modules/knip/bin/knip.js', '--no-progress'],
    remedy: 'delete what nobody uses, or stop exporting it',
  },
  {
    name: 'tests',
    command: ['tools/test.ts'],
    remedy: 'correct the code or the test; `npm test -- <file>` runs one file',
    isLong: true,
  },
];

export type StepOutcome = 'passed' | 'failed' | 'not run';

export interface StepResult {
  readonly step: VerifyStep;
  readonly outcome: StepOutcome;
  readonly seconds?: number;
}

/** Returns one line per step, in columns, and the remedy of the step that failed. */
export function reportOf(results: readonly StepResult[]): string {
  const width = Math.max(...results.map(({ step }) => step.name.length));
  const lines = results.map(({ step, outcome, seconds }) => {
    const time = seconds === undefined ? '' : `${seconds.toFixed(1).padStart(6)} s`;
    return `  ${step.name.padEnd(width)}  ${outcome.padEnd(7)}${time}`.trimEnd();
  });
  const failed = results.find(({ outcome }) => outcome === 'failed');
  const verdict =
    failed === undefined ? 'verified' : `verify: ${failed.step.name} failed: ${failed.step.remedy}`;
  return [...lines, '', verdict].join('\n');
}
