/** Owns the proof of what is remembered of verdicts, and for how long. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../clock.ts';
import { VerdictCache } from './verdict-cache.ts';

type Verdict = 'yes' | 'no' | 'nobody could say';

const holdsMs: Record<Verdict, number> = { yes: 1_000, no: 100, 'nobody could say': 0 };

let now: number;
let asked: string[];
let cache: VerdictCache<Verdict>;
beforeEach(() => {
  now = 0;
  asked = [];
  const clock: Clock = { now: () => now, monotonic: () => now };
  cache = new VerdictCache<Verdict>({
    max: 2,
    maxAsked: 3,
    overloaded: 'nobody could say',
    clock,
    isRefusal: (verdict) => verdict === 'no',
  });
});

async function verdictOn(key: string, verdict: Verdict): Promise<Verdict> {
  const ruling = await cache.get(key, () => {
    asked.push(key);
    return Promise.resolve({ verdict, holdsMs: holdsMs[verdict] });
  });
  return ruling.verdict;
}

/** Lets what was asked in the background be answered. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a verdict', () => {
  it.each<[Verdict, number, number]>([
    ['yes', 749, 1],
    ['yes', 1_000, 2],
    ['no', 99, 1],
    ['no', 100, 2],
    ['nobody could say', 0, 2],
  ])('"%s" is asked for at %i ms for the time number %i', async (verdict, at, times) => {
    await verdictOn('a', verdict);
    now = at;
    await verdictOn('a', verdict);
    expect(asked).toHaveLength(times);
  });

  it('is asked for once by many who want to know at the same time', async () => {
    await Promise.all([verdictOn('a', 'yes'), verdictOn('a', 'yes')]);
    expect(asked).toEqual(['a']);
  });

  it('holds from the moment of the question on, however long the answer took', async () => {
    const { promise, resolve } = Promise.withResolvers<{ verdict: Verdict; holdsMs: number }>();
    const ruling = cache.get('a', () => promise);
    now = 600;
    resolve({ verdict: 'yes', holdsMs: 1_000 });
    expect(await ruling).toMatchObject({ verdict: 'yes', until: 1_000 });
    now = 1_000;
    expect(await verdictOn('a', 'no')).toBe('no');
  });

  it('that changes is the newest from then on', async () => {
    await verdictOn('a', 'yes');
    now = 1_000;
    await verdictOn('a', 'no');
    expect(await verdictOn('a', 'yes')).toBe('no');
    now = 1_100;
    expect(await verdictOn('a', 'yes')).toBe('yes');
  });
});

describe('a grant in the last quarter of its life', () => {
  beforeEach(async () => {
    await verdictOn('a', 'yes');
    now = 750;
  });

  it('is given at once, and asked for again behind it', async () => {
    expect(await verdictOn('a', 'yes')).toBe('yes');
    await settled();
    now = 1_400;
    expect(await verdictOn('a', 'no')).toBe('yes');
    expect(asked).toHaveLength(2);
  });

  it('ends at once when it is withdrawn then', async () => {
    await verdictOn('a', 'no');
    await settled();
    expect(await verdictOn('a', 'yes')).toBe('no');
  });

  it('lives out its time while nobody can say, and is not asked for with every request', async () => {
    for (now = 750; now < 1_000; now += 50) {
      expect(await verdictOn('a', 'nobody could say')).toBe('yes');
      await settled();
    }
    expect(asked).toHaveLength(2);
    now = 1_000;
    expect(await verdictOn('a', 'nobody could say')).toBe('nobody could say');
  });
});

describe('what strangers can do', () => {
  it('makes nobody forgotten who was let in', async () => {
    await verdictOn('alice', 'yes');
    for (let count = 0; count < 10; count += 1) await verdictOn(`made up ${count}`, 'no');
    expect(await verdictOn('alice', 'no')).toBe('yes');
  });

  it('is bounded in the questions that it causes at one time', async () => {
    const rulings = ['a', 'b', 'c', 'd', 'a'].map((key) => verdictOn(key, 'yes'));
    expect(await Promise.all(rulings)).toEqual(['yes', 'yes', 'yes', 'nobody could say', 'yes']);
    expect(asked).toEqual(['a', 'b', 'c']);
    expect(await verdictOn('d', 'yes')).toBe('yes');
  });
});
