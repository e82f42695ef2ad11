/** Owns the arithmetic of test results: what each runner's report says, and the line that sums them up. */

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const noTests: TestCounts = { passed: 0, failed: 0, skipped: 0 };

/** Returns the counts of vitest's JSON report; none for an empty one. */
export function countVitest(report: string): TestCounts {
  if (report === '') return noTests;
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(report) as Record<
    'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests',
    number
  >;
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
}

/** Returns the counts of a JUnit XML report as pytest writes it; none for an empty one. */
export function countJunit(report: string): TestCounts {
  const suite = /<testsuite [^>]*>/.exec(report)?.[0] ?? '';
  const attribute = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = attribute('failures') + attribute('errors');
  const skipped = attribute('skipped');
  return { passed: attribute('tests') - failed - skipped, failed, skipped };
}

/** A suite that failed without a failed test of its own (it broke before it began) counts as one failure. */
export const honest = (counts: TestCounts, succeeded: boolean): TestCounts =>
  succeeded || counts.failed > 0 ? counts : { ...counts, failed: 1 };

export const addCounts = (one: TestCounts, other: TestCounts): TestCounts => ({
  passed: one.passed + other.passed,
  failed: one.failed + other.failed,
  skipped: one.skipped + other.skipped,
});

/** Returns `N passed, N failed`, and `, N skipped` where some were. */
export const lineOf = ({ passed, failed, skipped }: TestCounts): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
