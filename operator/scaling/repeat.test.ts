/** Owns the tests of doing something again and again. */
import { expect, it } from 'vitest';
import { startRepeating } from './repeat.ts';

it('tells the call that runs to end, and waits for it', async () => {
  const begun = Promise.withResolvers<undefined>();
  let steps = 0;
  let hasEnded = false;
  const repeating = startRepeating(async (signal) => {
    begun.resolve(undefined);
    while (!signal.aborted) {
      steps += 1;
      await new Promise(setImmediate);
    }
    hasEnded = true;
  }, 60_000);
  await begun.promise;
  await repeating.stop();
  expect(steps).toBeGreaterThan(0);
  expect(hasEnded).toBe(true);
});

it('calls again after a pause', async () => {
  const thrice = Promise.withResolvers<undefined>();
  let calls = 0;
  const repeating = startRepeating(() => {
    calls += 1;
    if (calls === 3) thrice.resolve(undefined);
    return Promise.resolve();
  }, 1);
  await thrice.promise;
  await repeating.stop();
  const atStop = calls;
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(calls).toBe(atStop);
});
