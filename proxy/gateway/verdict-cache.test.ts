/** Owns the proof of what is remembered of the API server's verdicts, and for how long. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../platform/clock.ts';
import { VerdictCache } from './verdict-cache.ts';

type Verdict = 'yes' | 'no' | 'nobody could say';

let now: number;
let asked: string[];
let cache: VerdictCache<Verdict>;
beforeEach(() => {
  now = 0;
  asked = [];
  const clock: Clock = { now: () => now, monotonic: () => now };
  const lasts: Record<Verdict, number> = { yes: 1_000, no: 100, 'nobody could say': 0 };
  cache = new VerdictCache({
    max: 2,
    clock,
    ttlMs: (verdict) => lasts[verdict],
    isRefusal: (verdict) => verdict === 'no',
  });
});

async function verdictOn(key: string, verdict: Verdict): Promise<Verdict> {
  return cache.get(key, () => {
    asked.push(key);
    return Promise.resolve(verdict);
  });
}

describe('VerdictCache', () => {
  it.each<[Verdict, number, number]>([
    ['yes', 999, 1],
    ['yes', 1_000, 2],
    ['no', 99, 1],
    ['no', 100, 2],
    ['nobody could say', 0, 2],
  ])('after "%s" asks at %i ms for the time number %i', async (verdict, at, times) => {
    await verdictOn('a', verdict);
    now = at;
    await verdictOn('a', verdict);
    expect(asked).toHaveLength(times);
  });

  it('asks once for many who want to know at the same time', async () => {
    await Promise.all([verdictOn('a', 'yes'), verdictOn('a', 'yes')]);
    expect(asked).toEqual(['a']);
  });

  it('forgets nobody who was let in for all that are turned away', async () => {
    await verdictOn('alice', 'yes');
    for (let count = 0; count < 10; count += 1) await verdictOn(`made up ${count}`, 'no');
    expect(await verdictOn('alice', 'no')).toBe('yes');
  });

  it('takes the newest verdict for the one that holds', async () => {
    await verdictOn('a', 'yes');
    now = 1_000;
    await verdictOn('a', 'no');
    expect(await verdictOn('a', 'yes')).toBe('no');
    now = 1_100;
    expect(await verdictOn('a', 'yes')).toBe('yes');
  });
});
