import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConcurrencyWindow } from './concurrency-window.ts';

const start = 1_000_000;

/** Reports a concurrency once a second for a number of seconds; returns the time after it. */
function report(window: ConcurrencyWindow, concurrency: number, seconds: number, from: number): number {
  for (let second = 1; second <= seconds; second += 1) window.add(concurrency, 1_000, from + second * 1_000);
  return from + seconds * 1_000;
}

describe('ConcurrencyWindow', () => {
  it('averages a steady concurrency to itself, however young it is', () => {
    for (const seconds of [1, 5, 60, 300]) {
      const window = new ConcurrencyWindow(60_000, start);
      expect(window.average(60_000, report(window, 7, seconds, start))).toBeCloseTo(7);
    }
  });

  it('leaves out what a late report says of the time before counting started', () => {
    const window = new ConcurrencyWindow(60_000, start);
    window.add(4, 30_000, start + 2_000);
    expect(window.average(60_000, start + 2_000)).toBeCloseTo(4);
  });

  it('counts from before the clock began', () => {
    const window = new ConcurrencyWindow(60_000, -20_000);
    window.add(3, 25_000, 5_000);
    expect(window.average(60_000, 5_000)).toBeCloseTo(3);
  });

  it('adds up reporters', () => {
    const window = new ConcurrencyWindow(60_000, start);
    report(window, 2, 10, start);
    expect(window.average(60_000, report(window, 3, 10, start))).toBeCloseTo(5);
  });

  it('forgets what is older than the window', () => {
    const window = new ConcurrencyWindow(60_000, start);
    const quiet = report(window, 9, 60, start);
    expect(window.average(60_000, quiet + 30_000)).toBeCloseTo(4.5);
    expect(window.average(60_000, quiet + 60_000)).toBe(0);
    expect(window.average(60_000, quiet + 3_600_000)).toBe(0);
  });

  it('sees a burst in the short average first', () => {
    const window = new ConcurrencyWindow(60_000, start);
    const now = report(window, 20, 6, report(window, 0, 54, start));
    expect(window.average(6_000, now)).toBeCloseTo(20);
    expect(window.average(60_000, now)).toBeCloseTo(2);
  });

  it('never averages to more than the greatest concurrency, for any reports of one reporter', () => {
    const reports = fc.array(
      fc.record({ concurrency: fc.integer({ min: 0, max: 50 }), ms: fc.integer({ min: 1, max: 90_000 }) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(reports, (all) => {
        const window = new ConcurrencyWindow(60_000, start);
        let now = start;
        for (const { concurrency, ms } of all) {
          now += ms;
          window.add(concurrency, ms, now);
        }
        const greatest = Math.max(0, ...all.map(({ concurrency }) => concurrency));
        expect(window.average(60_000, now)).toBeLessThanOrEqual(greatest + 1e-9);
      }),
    );
  });

  it('reaches further back once it is asked to', () => {
    const window = new ConcurrencyWindow(10_000, start);
    const asked = report(window, 6, 20, start);
    expect(window.average(60_000, asked)).toBeCloseTo(6);
    const later = report(window, 0, 40, asked);
    // Ten seconds of 6 were in the ring when it grew, and forty without any came after.
    expect(window.average(60_000, later)).toBeCloseTo(6 / 5, 1);
    expect(window.isFull(60_000, later)).toBe(false);
  });
});
