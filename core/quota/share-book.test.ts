import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RateLimit } from '../../crds/schema/governance.ts';
import { minuteMs } from './counter.ts';
import { ShareBook } from './share-book.ts';
import type { ShareReport } from './share-report.ts';
import { ShareSimulation } from './share-fixture.ts';

const calls = (limit: number): RateLimit => ({ key: 'endpoint', calls: limit, renewalPeriod: 'minute' });
const spread = (limit: number, burstSeconds: number): RateLimit => ({
  ...calls(limit),
  smoothing: { burstSeconds },
});

/** Returns numbers between 0 and 1 that are the same for the same seed. */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    const mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

const simulate = (
  limits: readonly RateLimit[],
  callersPerTick: number,
  seed: number,
  loss = 0,
): ShareSimulation => new ShareSimulation({ limits, callersPerTick, chance: chanceOf(seed), loss });

/** Returns the calls of each full minute after the first `skipped`. */
const perMinute = (play: ShareSimulation, skipped = 0): number[] => [...play.passed.values()].slice(skipped);

describe('proxies that share a limit', () => {
  it.each([
    ['all of the load comes to one of four', [1, 0, 0, 0]],
    ['nine tenths of it come to one of four', [27, 1, 1, 1]],
    ['it comes to all four alike', [1, 1, 1, 1]],
    ['it comes to two of four', [1, 1, 0, 0]],
  ])('use nearly all of it, and not more, when %s', (_name, weights) => {
    const play = simulate([calls(600)], 10, 7);
    for (const weight of weights) play.join(weight);
    play.run(5 * minuteMs);
    for (const count of perMinute(play, 1)) {
      expect(count).toBeLessThanOrEqual(600);
      expect(count).toBeGreaterThanOrEqual(570);
    }
  });

  it('use nearly all of it again within seconds of the load moving elsewhere', () => {
    const play = simulate([calls(600)], 10, 3);
    for (const weight of [1, 0, 0]) play.join(weight);
    play.run(2 * minuteMs);
    play.proxies.forEach((proxy, index) => (proxy.weight = index === 2 ? 1 : 0));
    play.run(2 * minuteMs);
    expect(Math.min(...perMinute(play, 1))).toBeGreaterThanOrEqual(560);
    expect(Math.max(...perMinute(play))).toBeLessThanOrEqual(600);
  });

  it('give out single calls of a small limit where they are asked for', () => {
    const play = simulate([calls(2)], 1, 5);
    for (const weight of [0, 0, 1, 0, 0]) play.join(weight);
    play.run(3 * minuteMs);
    expect(perMinute(play, 1)).toEqual([2, 2]);
  });

  const event = fc.constantFrom('join', 'leave', 'crash', 'changeLeader', 'shift', 'none');
  const plays = fc.record({
    limit: fc.integer({ min: 20, max: 2_000 }),
    proxies: fc.integer({ min: 1, max: 6 }),
    load: fc.integer({ min: 1, max: 30 }),
    seed: fc.integer(),
    loss: fc.constantFrom(0, 0, 0.05),
    events: fc.array(fc.tuple(event, fc.integer({ min: 1, max: 45 }), fc.nat(10)), { maxLength: 12 }),
  });
  type Play = typeof plays extends fc.Arbitrary<infer Value> ? Value : never;

  function act(play: ShareSimulation, [what, seconds, index]: Play['events'][number]): void {
    if (what === 'join') play.join();
    // Somebody always stays: a pool that all have left at once is a new pool.
    if (what === 'leave' && play.proxies.length > 1) play.leave(index);
    if (what === 'crash' && play.proxies.length > 1) play.crash(index);
    if (what === 'changeLeader') play.changeLeader();
    if (what === 'shift') play.proxies.forEach((proxy, at) => (proxy.weight = at === index ? 10 : 0.1));
    // Who starts while nobody leads takes a cautious part, which is beyond what is proven here.
    play.run(Math.max(seconds, what === 'changeLeader' ? 5 : 0) * 1_000);
  }

  it('never let more than 1.1 times the limit through in a minute, whoever comes and goes, leads and loses', () => {
    fc.assert(
      fc.property(plays, ({ limit, proxies, load, seed, loss, events }) => {
        const play = simulate([calls(limit)], load, seed, loss);
        for (let count = 0; count < proxies; count += 1) play.join();
        play.run(10_000);
        for (const each of events) act(play, each);
        for (const count of play.passed.values()) expect(count).toBeLessThanOrEqual(Math.ceil(1.1 * limit));
      }),
      { numRuns: 150 },
    );
  });

  it('never let more than 1.1 times the limit and a burst through where it is spread evenly', () => {
    fc.assert(
      fc.property(
        plays,
        fc.integer({ min: 1, max: 20 }),
        ({ limit, proxies, load, seed, loss, events }, seconds) => {
          const play = simulate([spread(limit, seconds)], load, seed, loss);
          for (let count = 0; count < proxies; count += 1) play.join();
          play.run(10_000);
          for (const each of events.slice(0, 6)) act(play, each);
          const burst = Math.max(1, Math.floor((limit * seconds) / 60));
          // Each proxy lets one through at once, however small its share of the burst is.
          expect(mostInAMinute(play.times)).toBeLessThanOrEqual(1.1 * (limit + burst) + play.proxies.length);
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** Returns the most of sorted times that lie within one minute, whenever it begins. */
function mostInAMinute(times: readonly number[]): number {
  let first = 0;
  let most = 0;
  for (const [index, time] of times.entries()) {
    while ((times[first] ?? time) <= time - minuteMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

describe('the leader', () => {
  const book = (): ShareBook => new ShareBook({ graceMs: 2_000, expiryMs: 10_000 });
  const of = (id: string) => ({ id, reporter: id });
  const at = (monotonic: number) => ({ monotonic, wall: 1_000 * minuteMs + monotonic });
  const report = (
    fraction: number,
    counters: ShareReport['pools'][number]['counters'] = [],
  ): ShareReport => ({
    leaving: false,
    pools: [{ pool: '', fraction, isTold: fraction !== 0.1, counters }],
  });
  const fractionOf = (shares: ReturnType<ShareBook['record']>): number | undefined =>
    shares.pools[0]?.fraction;

  it('only listens at first, to those who hold something already', () => {
    const shares = book();
    expect(shares.record(report(0.5), of('a'), at(0)).pools).toEqual([]);
    expect(shares.record(report(0.5), of('b'), at(500)).pools).toEqual([]);
    expect(fractionOf(shares.record(report(0.5), of('a'), at(2_000)))).toBe(0.5);
  });

  it('gives a newcomer what the others have given up, once they have said so', () => {
    const shares = book();
    shares.record(report(0.1), of('a'), at(0));
    expect(fractionOf(shares.record(report(0.1), of('a'), at(2_000)))).toBe(1);
    const first = shares.record(report(0.1), of('b'), at(2_100));
    expect(first.pools[0]).toMatchObject({ fraction: 0.01, isFair: false });
    expect(fractionOf(shares.record(report(1), of('a'), at(3_000)))).toBe(0.5);
    expect(fractionOf(shares.record(report(0.01), of('b'), at(3_100)))).toBe(0.01);
    expect(fractionOf(shares.record(report(0.5), of('a'), at(4_000)))).toBe(0.5);
    const last = shares.record(report(0.01), of('b'), at(4_100));
    expect(last.pools[0]).toMatchObject({ fraction: 0.5, isFair: true });
  });

  it('takes what a proxy that has left did not use to the others at once, and what it used in the next minute', () => {
    const shares = book();
    const counter = { id: 'c', limit: 100, allowed: 50, used: 0, wanted: 60 };
    for (const [id, ms] of [
      ['a', 0],
      ['b', 0],
      ['a', 2_000],
    ] as const)
      shares.record(report(0.5, [counter]), of(id), at(ms));
    const left = { ...report(0.5, [{ ...counter, used: 30 }]), leaving: true };
    expect(shares.record(left, of('b'), at(2_000)).pools).toEqual([]);
    const later = shares.record(report(0.5, [counter]), of('a'), at(2_100));
    expect(later.pools[0]).toMatchObject({ fraction: 1, counters: [{ id: 'c', allowed: 70, used: 30 }] });
    const nextMinute = shares.record(report(1, [{ ...counter, allowed: 70 }]), of('a'), at(minuteMs + 2_000));
    expect(nextMinute.pools[0]?.counters).toMatchObject([{ allowed: 100 }]);
  });

  it('waits for the end of the minute with the share of a proxy that has fallen silent', () => {
    const shares = book();
    for (const id of ['a', 'b']) shares.record(report(0.5), of(id), at(0));
    expect(fractionOf(shares.record(report(0.5), of('a'), at(20_000)))).toBe(0.5);
    expect(fractionOf(shares.record(report(0.5), of('a'), at(minuteMs + 2_000)))).toBe(1);
  });

  it('knows that a new process of a pod takes the place of the one before', () => {
    const shares = book();
    shares.record(report(1), { id: 'a/1', reporter: 'a' }, at(0));
    expect(fractionOf(shares.record(report(0.1), { id: 'a/2', reporter: 'a' }, at(2_500)))).toBe(0.02);
    expect(fractionOf(shares.record(report(0.02), { id: 'a/2', reporter: 'a' }, at(minuteMs + 2_000)))).toBe(
      1,
    );
  });

  it('leaves to proxies that nobody knows any more what they may have given out in this minute', () => {
    const shares = book();
    const counter = { id: 'c', limit: 100, allowed: 30, used: 30, wanted: 60 };
    shares.record(report(0.5, [counter]), of('a'), at(0));
    const [pool] = shares.record(report(0.5, [counter]), of('a'), at(2_000)).pools;
    expect(pool).toMatchObject({ fraction: 0.5, counters: [{ allowed: 30 }] });
    const [later] = shares.record(report(0.5, [counter]), of('a'), at(minuteMs + 2_000)).pools;
    expect(later).toMatchObject({ fraction: 1, counters: [{ allowed: 100 }] });
  });

  it('tells a proxy of counters that are in demand elsewhere, and forgets them when they are not', () => {
    const shares = book();
    const wanted = { id: 'c', limit: 100, allowed: 50, used: 50, wanted: 90 };
    shares.record(report(0.5), of('a'), at(0));
    shares.record(report(0.5, [wanted]), of('b'), at(2_000));
    const [told] = shares.record(report(0.5), of('a'), at(2_100)).pools;
    expect(told?.counters).toMatchObject([{ id: 'c', limit: 100, allowed: 2, used: 50 }]);
    const held = new Map([
      ['a', 2],
      ['b', 50],
    ]);
    for (let ms = minuteMs; ms < 2 * minuteMs; ms += 500) {
      const id = ms % 1_000 === 0 ? 'a' : 'b';
      const allowed = held.get(id);
      const counters = allowed === undefined ? [] : [{ ...wanted, allowed, used: 0, wanted: 0 }];
      const [counter] = shares.record(report(0.5, counters), of(id), at(ms)).pools[0]?.counters ?? [];
      if (counter === undefined) held.delete(id);
      else held.set(id, counter.allowed);
    }
    expect([...held]).toEqual([]);
  });

  it('forgets a pool that everybody has left', () => {
    const shares = book();
    shares.record(report(0.5), of('a'), at(0));
    const other: ShareReport = {
      leaving: false,
      pools: [{ pool: 'team/wine', fraction: 1, isTold: true, counters: [] }],
    };
    shares.record(other, of('b'), at(20_000));
    expect(shares.sizeOf('')).toBe(1);
    shares.record(other, of('b'), at(minuteMs + 20_000));
    expect(shares.sizeOf('')).toBe(0);
  });
});
