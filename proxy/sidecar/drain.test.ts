/** Owns the proof that a drain ends in time: that of a false alarm for those who wait too, of a pod nobody knows at once. */
import { expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { Drain } from './drain.ts';

it('ends for who waits for it when it turns out to be a false alarm', async () => {
  const drain = new Drain({
    bounds: () => ({ quietMs: 3_600_000, maxMs: 3_600_000 }),
    busy: () => 0,
    isKnown: () => true,
    clock: systemClock,
  });
  const waited = drain.wait();
  expect(drain.unreadyReason()).toBeDefined();
  drain.reset();
  await waited;
  expect(drain.unreadyReason()).toBeUndefined();
});

it('is over at once in a pod that was never ready, but for what is under way', async () => {
  let busy = 1;
  const drain = new Drain({
    bounds: () => ({ quietMs: 3_600_000, maxMs: 3_600_000 }),
    busy: () => busy,
    isKnown: () => false,
    clock: systemClock,
  });
  let over = false;
  const waited = drain.wait().then(() => {
    over = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(over).toBe(false);
  busy = 0;
  await waited;
});
