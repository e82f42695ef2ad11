import { describe, expect, it } from 'vitest';
import type { BackOff } from './back-off.ts';
import { afterRestart, defaultBackOff, durationText, restartAt } from './back-off.ts';

describe('the wait of a container that crashes', () => {
  it('is nothing the first time, then ten seconds, doubled to five minutes', () => {
    let backOff: BackOff | undefined;
    let now = 0;
    const waits: number[] = [];
    for (let crash = 0; crash < 8; crash += 1) {
      const finishedAt = now + 1_000;
      const next = restartAt(backOff, finishedAt, defaultBackOff);
      waits.push((next - finishedAt) / 1_000);
      backOff = afterRestart(backOff, finishedAt, next, defaultBackOff);
      now = next;
    }
    expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
  });

  it.each([
    ['is forgiven after ten minutes of life', 600_001, 0],
    ['is not forgiven before', 600_000, 160_000],
  ])('%s', (_name, lived, wait) => {
    expect(restartAt({ delayMs: 160_000, at: 0 }, lived, defaultBackOff) - lived).toBe(wait);
  });

  it('starts again from the beginning when it was forgiven', () => {
    const backOff = afterRestart({ delayMs: 160_000, at: 0 }, 700_000, 700_000, defaultBackOff);
    expect(backOff.delayMs).toBe(10_000);
  });

  it.each([
    [500, '500ms'],
    [10_000, '10s'],
    [160_000, '2m40s'],
    [300_000, '5m0s'],
  ])('of %i ms is written %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
