/** Owns the test of how verification reports. */
import { expect, it } from 'vitest';
import type { VerifyStep } from './verify-steps.ts';
import { reportOf } from './verify-steps.ts';

const step = (name: string): VerifyStep => ({ name, command: ['x.ts'], remedy: `mend ${name}` });

it('tells times in columns, and verified when all is well', () => {
  const report = reportOf([
    { step: step('types'), outcome: 'passed', seconds: 4.25 },
    { step: step('unused code'), outcome: 'passed', seconds: 12 },
  ]);

  expect(report).toBe('  types        passed    4.3 s\n  unused code  passed   12.0 s\n\nverified');
});

it('names the step that failed, its remedy, and what was not run', () => {
  const report = reportOf([
    { step: step('types'), outcome: 'failed', seconds: 4 },
    { step: step('lint'), outcome: 'not run' },
  ]);

  expect(report).toBe('  types  failed    4.0 s\n  lint   not run\n\nverify: types failed: mend types');
});
