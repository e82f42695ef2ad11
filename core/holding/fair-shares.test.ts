import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairShares } from './fair-shares.ts';
import type { Occupant, RoomBounds } from './fair-shares.ts';

const one = (flow: string, bytes = 1): Occupant => ({ flow, bytes });

function roomWith(bounds: Partial<RoomBounds>, occupants: readonly Occupant[]): FairShares<Occupant> {
  const room = new FairShares<Occupant>({ requests: 100, bytes: 1_000, ...bounds });
  for (const occupant of occupants) room.add(occupant);
  return room;
}

describe('a newcomer', () => {
  it.each<[string, Partial<RoomBounds>, Occupant[], Occupant, string[] | undefined]>([
    ['comes in while there is room', { requests: 3 }, [one('a'), one('a')], one('b'), []],
    ['takes the place of whoever has most', { requests: 3 }, [one('a'), one('c'), one('c')], one('b'), ['c']],
    [
      'stays out where the other would have less then',
      { requests: 3 },
      [one('a'), one('a'), one('b')],
      one('b'),
      undefined,
    ],
    ['who has most himself stays out', { requests: 3 }, [one('a'), one('a'), one('b')], one('a'), undefined],
    ['stays out where all have as much', { requests: 2 }, [one('a'), one('b')], one('c'), undefined],
    ['of a room without places stays out', { requests: 0 }, [], one('a'), undefined],
    [
      'takes the bytes of whoever has most',
      { bytes: 100 },
      [one('a', 90), one('a', 10)],
      one('b', 10),
      ['a'],
    ],
    [
      'takes the place of several where one is too small',
      { bytes: 100 },
      [one('a', 70), one('a', 10), one('a', 10), one('c', 10)],
      one('b', 20),
      ['a', 'a'],
    ],
    ['who is larger than the room stays out', { bytes: 100 }, [one('a', 50)], one('b', 101), undefined],
    [
      'who would have more than anybody stays out',
      { bytes: 100 },
      [one('a', 60), one('c', 40)],
      one('b', 50),
      undefined,
    ],
  ])('%s', (_name, bounds, occupants, newcomer, leaving) => {
    expect(
      roomWith(bounds, occupants)
        .planEntry(newcomer)
        ?.map(({ flow }) => flow),
    ).toEqual(leaving);
  });

  it('takes the place of the newest: who waits longest is next', () => {
    const [first, second, third] = [one('a'), one('a'), one('a')];
    expect(roomWith({ requests: 3 }, [first, second, third]).planEntry(one('b'))).toEqual([third]);
  });

  it('needs nobody else to leave where enough are leaving already', () => {
    const [first, second] = [one('a'), one('a')];
    const room = roomWith({ requests: 2 }, [first, second]);
    expect(room.planEntry(one('b'), new Set([first]))).toEqual([]);
    expect(room.planEntry(one('b'), new Set([one('elsewhere')]))).toEqual([second]);
  });
});

describe('whoever comes and goes', () => {
  const arrival = fc.record({
    flow: fc.constantFrom('a', 'b', 'c', 'd'),
    bytes: fc.integer({ min: 1, max: 40 }),
    leaves: fc.option(fc.nat(100), { nil: undefined }),
  });
  const countOf = (all: readonly Occupant[], flow: string): number =>
    all.filter((occupant) => occupant.flow === flow).length;
  const bytesOf = (all: readonly Occupant[], flow: string): number =>
    all.filter((occupant) => occupant.flow === flow).reduce((sum, { bytes }) => sum + bytes, 0);

  it('the room is never too full, and nobody makes way for one who then has more', () => {
    fc.assert(
      fc.property(
        fc.array(arrival, { maxLength: 80 }),
        fc.nat(8),
        fc.nat(120),
        (arrivals, requests, bytes) => {
          const room = new FairShares<Occupant>({ requests, bytes });
          let inside: Occupant[] = [];
          for (const { flow, bytes: size, leaves } of arrivals) {
            if (leaves !== undefined) {
              const gone = inside[leaves % Math.max(1, inside.length)];
              if (gone !== undefined) room.remove(gone);
              inside = inside.filter((occupant) => occupant !== gone);
            }
            const newcomer = one(flow, size);
            const leaving = room.planEntry(newcomer);
            if (leaving === undefined) continue;
            for (const occupant of leaving) room.remove(occupant);
            room.add(newcomer);
            inside = [...inside.filter((occupant) => !leaving.includes(occupant)), newcomer];
            for (const { flow: victim } of leaving) {
              const keepsRequests = countOf(inside, victim) >= countOf(inside, flow);
              expect(keepsRequests || bytesOf(inside, victim) >= bytesOf(inside, flow)).toBe(true);
            }
            expect([room.requests, room.bytes]).toEqual([
              inside.length,
              inside.reduce((sum, occupant) => sum + occupant.bytes, 0),
            ]);
            expect(room.requests).toBeLessThanOrEqual(requests);
            expect(room.bytes).toBeLessThanOrEqual(bytes);
          }
        },
      ),
    );
  });

  it('of equal requests a flow that asks for less than its share gets all that it asks for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(1_000),
        (flows, share, seed) => {
          // Everybody but the modest flow floods the room; it comes at any time.
          const room = new FairShares<Occupant>({ requests: flows * share, bytes: 1_000_000 });
          const enter = (flow: string): boolean => {
            const leaving = room.planEntry(one(flow));
            leaving?.forEach((occupant) => room.remove(occupant));
            if (leaving !== undefined) room.add(one(flow));
            return leaving !== undefined;
          };
          let modest = 0;
          for (let step = 0; step < 60; step += 1) {
            for (let other = 1; other < flows; other += 1) enter(`flow-${other}`);
            if ((step * 7 + seed) % 5 === 0 && modest < share) {
              expect(enter('modest')).toBe(true);
              modest += 1;
            }
          }
        },
      ),
    );
  });
});
