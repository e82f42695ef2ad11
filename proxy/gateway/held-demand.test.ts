import { expect, it } from 'vitest';
import { aTarget } from '../testing/target-fixture.ts';
import { HeldDemand } from './held-demand.ts';

const target = aTarget();

it('averages over the whole time of the report, also what was held for the end of it alone', () => {
  const time = { now: 0 };
  const held = new HeldDemand(() => time.now);
  time.now = 750;
  held.change(target, 4);
  time.now = 1_000;
  expect(held.read().entries).toMatchObject([{ queued: 4, averageConcurrency: 1 }]);
});

it('goes on from the last report that was heard', () => {
  const time = { now: 0 };
  const held = new HeldDemand(() => time.now);
  time.now = 1_000;
  held.read().confirm();
  time.now = 1_500;
  held.change(target, 4);
  time.now = 2_000;
  expect(held.read().entries).toMatchObject([{ averageConcurrency: 2 }]);
});

it('says zero once after the last request has gone on, and then nothing', () => {
  const held = new HeldDemand(() => 0);
  held.change(target, 1);
  held.change(target, -1);
  const last = held.read();
  expect(last.entries).toMatchObject([{ endpoint: 'wine', queued: 0 }]);
  last.confirm();
  expect(held.read().entries).toEqual([]);
});
