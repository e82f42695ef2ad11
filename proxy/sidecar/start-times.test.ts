import { expect, it } from 'vitest';
import { formatTimings } from '../../core/cold-start/timings.ts';
import { StartTimes } from './start-times.ts';

/** Returns what is told after `steps`, each of which happens at its moment. */
function told(...steps: (readonly [at: number, step: (times: StartTimes) => unknown])[]): string {
  let now = 0;
  const times = new StartTimes(() => now);
  for (const [at, step] of steps) {
    now = at;
    step(times);
  }
  return formatTimings(times.read());
}
const fetching = (times: StartTimes): boolean => times.noteFetching(true);
const fetched = (times: StartTimes): boolean => times.noteFetching(false);
const ready = (times: StartTimes): void => times.noteReady();
const lost = (times: StartTimes): void => times.noteLost();
const later = (): void => undefined;

it.each([
  ['since when it runs', told([500, later]), 'started;dur=500'],
  [
    'a load where nothing is fetched',
    told([10, fetched], [700, ready], [900, later]),
    'started;dur=900, load;dur=700, ready;dur=200',
  ],
  [
    'a download and a load',
    told([100, fetching], [300, fetching], [400, fetched], [450, fetched], [700, ready], [900, later]),
    'started;dur=900, download;dur=300, load;dur=300, ready;dur=200',
  ],
  [
    'a download that was broken off and begun anew as one',
    told([100, fetching], [200, fetched], [300, fetching], [400, fetched], [700, ready]),
    'started;dur=700, download;dur=300, load;dur=300, ready;dur=0',
  ],
  [
    'a fetcher that left its file behind as no load',
    told([100, fetching], [700, ready], [800, fetched]),
    'started;dur=800, download;dur=600, load;dur=0, ready;dur=100',
  ],
  [
    'one readiness, however often it is found',
    told([700, ready], [800, ready], [900, fetching]),
    'started;dur=900, load;dur=700, ready;dur=200',
  ],
  [
    'the load of a model that went away and came back',
    told([100, fetching], [400, fetched], [700, ready], [5_000, lost], [5_600, ready], [5_700, later]),
    'started;dur=5700, load;dur=600, ready;dur=100',
  ],
])('tells %s', (_name, text, expected) => {
  expect(text).toBe(expected);
});
