/** Owns the tests of how test results are counted. */
import { expect, it } from 'vitest';
import { addCounts, countJunit, countVitest, honest, lineOf, noTests } from './test-counts.ts';

it.each([
  [
    'a report with all outcomes',
    JSON.stringify({ numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 }),
    { passed: 5, failed: 1, skipped: 3 },
  ],
  ['no report', '', noTests],
])('counts vitest: %s', (_name, report, counts) => {
  expect(countVitest(report)).toEqual(counts);
});

it.each([
  [
    'a report with all outcomes',
    '<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="20" time="1.0"><testcase/></testsuite></testsuites>',
    { passed: 14, failed: 3, skipped: 3 },
  ],
  ['no report', '', noTests],
])('counts pytest: %s', (_name, report, counts) => {
  expect(countJunit(report)).toEqual(counts);
});

it.each([
  ['without skipped tests', { passed: 3, failed: 0, skipped: 0 }, '3 passed, 0 failed'],
  ['with skipped tests', { passed: 3, failed: 1, skipped: 2 }, '3 passed, 1 failed, 2 skipped'],
])('says the sum in one line %s', (_name, counts, line) => {
  expect(lineOf(counts)).toBe(line);
});

it('adds what two runners count', () => {
  expect(addCounts({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 })).toEqual({
    passed: 11,
    failed: 22,
    skipped: 33,
  });
});

it.each([
  ['a suite that succeeded', { ...noTests, passed: 2 }, true, 0],
  ['a suite with a failed test', { ...noTests, failed: 3 }, false, 3],
  ['a suite that broke before its first test', noTests, false, 1],
])('counts the failures of %s', (_name, counts, succeeded, failed) => {
  expect(honest(counts, succeeded).failed).toBe(failed);
});
