import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { committedResult, readResult } from './results-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'fairlead-results-'));
afterAll(() => rmSync(directory, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

it('reads the suite and its ratios from a file', () => {
  const path = file('proxy.json', '{"suite":"proxy","ratios":{"cpu":0.9},"figures":{"rows":[]}}');
  expect(readResult(path)).toEqual({ suite: 'proxy', ratios: { cpu: 0.9 } });
});

it.each([
  ['does not exist', () => join(directory, 'none.json'), 'RESULT_MISSING'],
  ['is no JSON', () => file('text.json', '# Benchmark'), 'RESULT_UNREADABLE'],
  [
    'has a ratio that is no number',
    () => file('null.json', '{"suite":"a","ratios":{"b":null}}'),
    'RESULT_UNREADABLE',
  ],
])('names a file that %s', (_name, path, code) => {
  expect(() => readResult(path())).toThrow(expect.objectContaining({ code }) as Error);
});

it('knows no committed result of a suite that was never measured', () => {
  expect(committedResult('no-such-suite')).toBeUndefined();
});
