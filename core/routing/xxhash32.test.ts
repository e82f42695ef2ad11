import { describe, expect, it } from 'vitest';
import { xxhash32 } from './xxhash32.ts';

describe('xxhash32 gives what the reference implementation gives for', () => {
  it.each<[string, string, number, number]>([
    ['nothing', '', 0, 0x02cc5d05],
    ['nothing with a seed', '', 0x9e3779b1, 0x36b78ae7],
    ['one byte', 'a', 0, 0x550d7456],
    ['three bytes', 'abc', 0, 0x32d153ff],
    ['more than one stripe', 'Nobody inspects the spammish repetition', 0, 0xe2293b2f],
  ])('%s', (_name, text, seed, hash) => {
    expect(xxhash32(text, seed)).toBe(hash);
  });

  it('spreads numbered keys evenly', () => {
    const buckets = new Array<number>(16).fill(0);
    for (let key = 0; key < 16_000; key += 1) {
      const bucket = xxhash32(`key-${key}`) >>> 28;
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(5 * Math.sqrt(1_000));
  });
});
