import { describe, expect, it } from 'vitest';
import { initialReplicas, replicaBounds } from './replica-bounds.ts';

describe('replicaBounds', () => {
  it.each([
    ['no size is Small', {}, { min: 1, max: 1 }],
    ['Small is one replica', { size: 'Small' as const }, { min: 1, max: 1 }],
    ['Medium is two to four', { size: 'Medium' as const }, { min: 2, max: 4 }],
    ['Large is four to sixteen', { size: 'Large' as const }, { min: 4, max: 16 }],
    ['bounds are rounded up', { minConcurrency: 5, maxConcurrency: 9 }, { min: 2, max: 3 }],
    [
      'an awake workload has one replica at least',
      { minConcurrency: 0, maxConcurrency: 4 },
      { min: 1, max: 1 },
    ],
  ])('%s', (_name, workload, bounds) => {
    expect(replicaBounds(workload, 4)).toEqual(bounds);
  });
});

describe('initialReplicas', () => {
  it.each([
    ['starts at the least bound when it replaces nothing', 0, 2],
    ['takes over what it replaces', 3, 3],
    ['stays within its own bounds', 9, 4],
  ])('%s', (_name, replaced, replicas) => {
    expect(initialReplicas({ min: 2, max: 4 }, replaced)).toBe(replicas);
  });
});
