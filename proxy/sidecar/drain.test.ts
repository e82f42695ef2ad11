/** Owns the proof that a drain that was a false alarm ends, for those who wait for it too. */
import { expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { Drain } from './drain.ts';

it('ends for who waits for it when it turns out to be a false alarm', async () => {
  const drain = new Drain({
    bounds: () => ({ quietMs: 3_600_000, maxMs: 3_600_000 }),
    busy: () => 0,
    clock: systemClock,
  });
  const waited = drain.wait();
  expect(drain.unreadyReason()).toBeDefined();
  drain.reset();
  await waited;
  expect(drain.unreadyReason()).toBeUndefined();
});
