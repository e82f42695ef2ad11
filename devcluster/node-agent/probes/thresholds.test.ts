import { describe, expect, it } from 'vitest';
import { addResult, noProbeRun } from './thresholds.ts';

function verdicts(
  results: string,
  thresholds: { successThreshold?: number; failureThreshold?: number },
): string {
  let run = noProbeRun;
  return Array.from(results)
    .map((letter) => {
      const added = addResult(run, letter === '+', thresholds);
      run = added.run;
      return added.verdict === undefined ? '.' : added.verdict ? '+' : '-';
    })
    .join('');
}

describe('the verdict of a probe', () => {
  it.each([
    ['success at once by default', '+', {}, '+'],
    ['failure after three in a row by default', '---', {}, '..-'],
    ['failure again while it lasts', '-----', {}, '..---'],
    ['nothing where a success comes between', '--+--', {}, '..+..'],
    ['success only after so many in a row', '+-+++', { successThreshold: 2, failureThreshold: 1 }, '.-.++'],
  ])('is %s', (_name, results, thresholds, expected) => {
    expect(verdicts(results, thresholds)).toBe(expected);
  });
});
