import { describe, expect, it } from 'vitest';
import { judge, verdictTable } from './verdict.ts';

describe('a verdict', () => {
  const budget = { what: 'sidecar CPU', atMost: 1, aim: 0.6, unit: '× Envoy' };

  it.each([
    ['keeps the budget at the limit, and misses the aim', 1, true, false],
    ['reaches the aim', 0.6, true, true],
    ['is a no above the budget', 1.01, false, false],
    ['is a no where nothing was measured', Number.NaN, false, false],
  ])('%s', (_name, measured, kept, aimReached) => {
    expect(judge(budget, measured)).toEqual({ ...budget, measured, kept, aimReached });
  });

  it('leaves the aim open where there is none', () => {
    const { aim: _aim, ...plain } = budget;
    expect(verdictTable([judge(plain, 0.9)])).toContain('| sidecar CPU | 1 × Envoy | 0.9 | yes |  |  |');
  });
});
