import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { phasesWithin, timelineOf, timingsWithin } from './start-timeline.ts';
import { formatTimings } from './timings.ts';

const timeline = { addressAt: 100, startedAt: 150, downloadFrom: 200, loadFrom: 400, readyAt: 900 };
const read = (more: object, from = 0, to = 910): string =>
  formatTimings(timingsWithin({ ...timeline, ...more }, from, to));

describe('where a wait went', () => {
  it.each([
    [
      'the whole start',
      read({}),
      'total;dur=910, schedule;dur=100, pull;dur=100, download;dur=200, load;dur=500, ready;dur=10',
    ],
    [
      'only the rest for who came late',
      read({}, 300),
      'total;dur=610, download;dur=100, load;dur=500, ready;dur=10',
    ],
    [
      'nothing to fetch',
      read({ downloadFrom: undefined, loadFrom: 150 }),
      'total;dur=910, schedule;dur=100, pull;dur=50, load;dur=750, ready;dur=10',
    ],
    [
      'a pod that tells nothing',
      read({ startedAt: undefined, downloadFrom: undefined, loadFrom: undefined, readyAt: undefined }),
      'total;dur=910, schedule;dur=100',
    ],
    ['a pod that was ready all the time', read({}, 1_000, 1_200), 'total;dur=200, ready;dur=200'],
    ['no pod that is known', formatTimings(timingsWithin(undefined, 5, 10)), 'total;dur=5'],
  ])('%s', (_name, text, expected) => {
    expect(text).toBe(expected);
  });

  it('is told without gaps and twice-told time, whoever waits when', () => {
    const moments = fc
      .uniqueArray(fc.nat(10_000), { minLength: 7, maxLength: 7 })
      .map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(moments, fc.nat(6), fc.nat(6), (all, one, other) => {
        const [addressAt = 0, startedAt, downloadFrom, loadFrom, readyAt] = all;
        const [from = 0, to = 0] = [all[Math.min(one, other)], all[Math.max(one, other)]];
        const spans = phasesWithin({ addressAt, startedAt, downloadFrom, loadFrom, readyAt }, from, to);
        expect(spans.reduce((sum, span) => sum + span.to - span.from, 0)).toBe(to - from);
        for (const [index, span] of spans.entries()) expect(span.from).toBe(spans[index - 1]?.to ?? from);
      }),
    );
  });
});

describe('what a sidecar tells', () => {
  it.each<[string, Record<string, number>, object]>([
    [
      'is put on the clock of who asks',
      { started: 750, download: 200, load: 500, ready: 100 },
      { addressAt: 100, startedAt: 250, downloadFrom: 200, loadFrom: 400, readyAt: 900 },
    ],
    [
      'may leave out a download',
      { started: 750, load: 750, ready: 0 },
      { addressAt: 100, startedAt: 250, downloadFrom: undefined, loadFrom: 250, readyAt: 1_000 },
    ],
    [
      'does not reach back before the pod had an address',
      { started: 5_000, download: 2_000, load: 2_500, ready: 500 },
      { addressAt: 100, startedAt: 100, downloadFrom: 100, loadFrom: 100, readyAt: 500 },
    ],
    [
      'may be nothing',
      {},
      { addressAt: 100, startedAt: undefined, downloadFrom: undefined, loadFrom: undefined, readyAt: 1_000 },
    ],
  ])('%s', (_name, told, expected) => {
    expect(timelineOf(new Map(Object.entries(told)), 100, 1_000)).toEqual(expected);
  });
});
