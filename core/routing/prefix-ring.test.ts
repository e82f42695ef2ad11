import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefixRing } from './prefix-ring.ts';
import { xxhash32 } from './xxhash32.ts';

const memberOf = (index: number, inFlight = 0) => ({ key: `10.0.0.${index}:8443`, inFlight });
const all = (): boolean => true;
const hashes = Array.from({ length: 500 }, (_, index) => xxhash32(`prompt ${index}`));
const loads = fc.array(fc.nat(60), { minLength: 1, maxLength: 8 });
const anyHash = fc.nat(2 ** 32 - 1);

describe('PrefixRing', () => {
  it('has nothing to give without members, or where none may take anything', () => {
    expect(new PrefixRing([]).pick(1, all)).toBeUndefined();
    expect(new PrefixRing([memberOf(1)]).pick(1, () => false)).toBeUndefined();
  });

  it('gives one hash the same member while loads are even', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(20), anyHash, (count, load, hash) => {
        const members = Array.from({ length: count }, (_, index) => memberOf(index));
        const busy = members.map((member) => ({ ...member, inFlight: load }));
        const [idle, later] = [new PrefixRing(members).pick(hash, all), new PrefixRing(busy).pick(hash, all)];
        expect(idle?.isPreferred).toBe(true);
        expect(later).toMatchObject({ member: { key: idle?.member.key }, isPreferred: true });
      }),
    );
  });

  it('never gives a member more than 1.25 times the average, counting the request that comes', () => {
    fc.assert(
      fc.property(loads, anyHash, (inFlights, hash) => {
        const members = inFlights.map((inFlight, index) => memberOf(index, inFlight));
        const total = inFlights.reduce((sum, inFlight) => sum + inFlight, 0);
        const picked = new PrefixRing(members).pick(hash, all);
        expect(picked?.member.inFlight).toBeLessThanOrEqual((1.25 * (total + 1)) / members.length);
      }),
    );
  });

  it('walks on to another member when the preferred one is too busy, and says so', () => {
    const members = [memberOf(1), memberOf(2), memberOf(3)];
    const ring = new PrefixRing(members);
    const preferred = ring.pick(7, all)?.member;
    if (preferred !== undefined) preferred.inFlight = 10;
    const other = ring.pick(7, all);
    expect(other?.isPreferred).toBe(false);
    expect(other?.member).not.toBe(preferred);
  });

  it('keeps each hash where it was when a member comes, unless it goes to the new one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), (count) => {
        const members = Array.from({ length: count }, (_, index) => memberOf(index));
        const [before, after] = [new PrefixRing(members), new PrefixRing([...members, memberOf(99)])];
        for (const hash of hashes) {
          const now = after.pick(hash, all)?.member.key;
          if (now !== memberOf(99).key) expect(now).toBe(before.pick(hash, all)?.member.key);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('gives each member about its share of the hashes', () => {
    const members = Array.from({ length: 4 }, (_, index) => memberOf(index));
    const ring = new PrefixRing(members);
    const many = Array.from({ length: 8_000 }, (_, index) => ring.pick(xxhash32(`p${index}`), all)?.member);
    // With 256 points the size of a member's part of the ring varies by about a sixteenth.
    for (const member of members) {
      const share = many.filter((it) => it === member).length / many.length;
      expect(Math.abs(share - 0.25)).toBeLessThan(0.25 * (4 / 16));
    }
  });
});
