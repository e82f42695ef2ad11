import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RateLimit } from '../../crds/schema/governance.ts';
import type { Counter } from './counter.ts';
import { EndpointQuota } from './endpoint-quota.ts';
import { PoolShare } from './pool-share.ts';

const minute = 60_000;
const alice = { principal: 'alice', groups: ['tasters', 'staff'] };
const bob = { principal: 'bob', groups: [] };
const limit = (key: RateLimit['key'], calls: number, principal?: string): RateLimit => ({
  key,
  calls,
  renewalPeriod: 'minute',
  ...(principal === undefined ? {} : { principal }),
});
const tokens = (key: RateLimit['key'], count: number): RateLimit => ({
  key,
  tokens: count,
  renewalPeriod: 'minute',
});
const spread = (calls: number, burstSeconds: number): RateLimit => ({
  ...limit('endpoint', calls),
  smoothing: { burstSeconds },
});

const quotaOf = (limits: readonly RateLimit[], share?: PoolShare): EndpointQuota =>
  new EndpointQuota({ limits, label: 'team-a/wine', ...(share === undefined ? {} : { share }) });

/** Returns how many of `count` calls in a row are admitted. */
const admitted = (quota: EndpointQuota, caller: typeof alice, count: number, now = 0): number =>
  Array.from({ length: count }, () => quota.of(caller, now).admit(1, now)).filter(
    (refusing) => refusing === undefined,
  ).length;

describe('calls', () => {
  it('are admitted where there are no limits', () => {
    expect(quotaOf([]).of(alice, 0).isFree).toBe(true);
    expect(admitted(quotaOf([]), alice, 100)).toBe(100);
  });

  it('of users are counted apart, those of the endpoint together', () => {
    const quota = quotaOf([limit('endpoint', 5), limit('user', 3)]);
    expect(admitted(quota, alice, 10)).toBe(3);
    expect(admitted(quota, bob, 10)).toBe(2);
  });

  it('are bound by the groups that the token of this request shows', () => {
    const quota = quotaOf([limit('userGroup', 1, 'tasters')]);
    expect(admitted(quota, { principal: 'alice', groups: ['tasters'] }, 3)).toBe(1);
    expect(admitted(quota, { principal: 'alice', groups: ['staff'] }, 3)).toBe(3);
    expect(admitted(quota, { principal: 'alice', groups: ['tasters'] }, 3)).toBe(0);
  });

  it('are refused with the limit that is used up and the time until the next minute', () => {
    const quota = quotaOf([limit('user', 1)]);
    const now = 10 * minute + 45_500;
    quota.of(alice, now).admit(1, now);
    const refusing = quota.of(alice, now).admit(1, now);
    expect(refusing?.rule).toMatchObject({ scope: 'user', unit: 'calls', limit: 1 });
    expect(refusing?.msUntilRoom(1, now)).toBe(14_500);
  });

  it.each([
    ['of the endpoint', [limit('endpoint', 0)], true],
    ['of every group', [limit('userGroup', 0)], true],
    ['of one of two groups', [limit('userGroup', 0, 'staff'), limit('userGroup', 5, 'tasters')], false],
    ['on tokens', [tokens('user', 0)], true],
    ['of somebody else', [limit('user', 0, 'bob')], false],
  ])('are shut out for good, or not, by a limit of 0 %s', (_name, limits, isDisabled) => {
    expect(quotaOf(limits).of(alice, 0).isDisabled).toBe(isDisabled);
  });

  it('start anew with each minute', () => {
    const quota = quotaOf([limit('endpoint', 2)]);
    expect([0, minute, 5 * minute].map((now) => admitted(quota, alice, 9, now))).toEqual([2, 2, 2]);
  });

  it('of a member of several groups are stopped only when all of them are used up', () => {
    const quota = quotaOf([limit('userGroup', 2, 'staff'), limit('userGroup', 5, 'tasters')]);
    expect(admitted(quota, alice, 20)).toBe(5);
    // What staff has used up is not overdrawn by those who have another group.
    expect(admitted(quota, { principal: 'carol', groups: ['staff'] }, 1)).toBe(0);
  });

  it('take nothing from the other counters when one of them refuses', () => {
    const quota = quotaOf([limit('endpoint', 4), limit('user', 1)]);
    admitted(quota, alice, 10);
    expect(admitted(quota, bob, 1)).toBe(1);
    expect(admitted(quota, { principal: 'carol', groups: [] }, 1)).toBe(1);
  });

  it('are admitted exactly up to the limit in every minute, whatever their times', () => {
    const times = fc.array(fc.nat(5 * minute), { maxLength: 200 }).map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 20 }), (at, calls) => {
        const quota = quotaOf([limit('user', calls)]);
        const asked = new Map<number, number>();
        const passed = new Map<number, number>();
        for (const now of at) {
          const window = Math.floor(now / minute);
          asked.set(window, (asked.get(window) ?? 0) + 1);
          passed.set(window, (passed.get(window) ?? 0) + admitted(quota, alice, 1, now));
        }
        for (const [window, count] of asked) expect(passed.get(window)).toBe(Math.min(count, calls));
      }),
    );
  });
});

describe('a limit that is spread evenly', () => {
  it('gives out one burst at once, and then as much as trickles in', () => {
    const quota = quotaOf([spread(60, 5)]);
    expect(admitted(quota, alice, 20, 0)).toBe(5);
    expect(admitted(quota, alice, 20, 1_000)).toBe(1);
    expect(quota.of(alice, 1_000).admit(1, 1_000)?.msUntilRoom(1, 1_000)).toBe(1_000);
  });

  it('never gives out more than the limit and one burst in a minute, whenever that begins', () => {
    const gaps = fc.array(fc.nat(4_000), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(
        gaps,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (list, calls, seconds) => {
          const quota = quotaOf([spread(calls, seconds)]);
          const burst = Math.max(1, Math.floor((calls * seconds) / 60));
          const passed: number[] = [];
          let now = 0;
          for (const gap of list) {
            now += gap;
            if (admitted(quota, alice, 1, now) === 1) passed.push(now);
          }
          for (const begin of passed) {
            const inMinute = passed.filter((at) => at >= begin && at < begin + minute).length;
            expect(inMinute).toBeLessThanOrEqual(calls + burst);
          }
        },
      ),
    );
  });
});

describe('tokens', () => {
  it('are reserved, so that requests that come together do not overdraw the limit', () => {
    const quota = quotaOf([tokens('user', 1_000)]);
    const caller = quota.of(alice, 0);
    expect([400, 400, 400].map((count) => caller.admit(count, 0)?.rule.unit)).toEqual([
      undefined,
      undefined,
      'tokens',
    ]);
  });

  it('that were not needed come back, those that were needed beyond are taken', () => {
    const quota = quotaOf([tokens('user', 1_000)]);
    const caller = quota.of(alice, 0);
    caller.admit(800, 0);
    quota.settle(caller.reservation(800, 0), 100, 10);
    const [counter] = caller.counters;
    expect(counter?.remaining(20)).toBe(900);
    caller.admit(100, 30);
    quota.settle(caller.reservation(100, 30), 700, 40);
    expect(counter?.remaining(50)).toBe(200);
  });

  it('of an answer that outlasted its minute are owed in the next one, and never credited there', () => {
    const quota = quotaOf([tokens('user', 1_000)]);
    const caller = quota.of(alice, 0);
    caller.admit(300, 0);
    const reservation = caller.reservation(300, 0);
    quota.settle(reservation, 500, minute + 1);
    expect(caller.counters[0]?.remaining(minute + 2)).toBe(800);
    quota.settle(reservation, 10, 2 * minute + 1);
    expect(caller.counters[0]?.remaining(2 * minute + 2)).toBe(1_000);
  });

  it('are waited for by a request for more than there ever is, and it passes then', () => {
    const quota = quotaOf([tokens('user', 1_000)]);
    expect(quota.of(alice, 0).admit(5_000, 0)).toBeUndefined();
    expect(quota.of(alice, 0).admit(1, 0)?.rule.unit).toBe('tokens');
  });

  it('and calls of one limit are both needed', () => {
    const quota = quotaOf([{ ...limit('user', 2), tokens: 1_000 }]);
    const caller = quota.of(alice, 0);
    expect([900, 50, 10].map((count) => caller.admit(count, 0)?.rule.unit)).toEqual([
      undefined,
      undefined,
      'calls',
    ]);
  });

  it('are settled for a caller who was forgotten meanwhile', () => {
    const quota = quotaOf([tokens('user', 1_000)]);
    const caller = quota.of(alice, 0);
    caller.admit(300, 0);
    const reservation = caller.reservation(300, 0);
    quota.of(bob, 10 * minute);
    quota.settle(reservation, 800, 10 * minute + 1);
    expect(quota.of(alice, 10 * minute + 2).counters[0]?.remaining(10 * minute + 2)).toBe(500);
  });
});

describe('what is left', () => {
  it('is told of the counter with least, and of the group with most', () => {
    const quota = quotaOf([
      limit('endpoint', 100),
      limit('userGroup', 2, 'staff'),
      limit('userGroup', 5, 'tasters'),
    ]);
    const caller = quota.of(alice, 0);
    caller.admit(1, 0);
    const view = { remaining: (counter: Counter) => counter.remaining(0) };
    const tightest = caller.tightest('calls', view);
    expect(tightest?.rule).toMatchObject({ id: 'userGroup/tasters calls' });
    expect(tightest?.remaining(0)).toBe(4);
    expect(caller.tightest('tokens', view)).toBeUndefined();
  });
});

describe('a proxy with a share', () => {
  const told = (fraction: number): PoolShare => {
    const share = new PoolShare();
    share.take(fraction, new Map(), 0);
    return share;
  };

  it('gives out its part of each limit', () => {
    expect(admitted(quotaOf([limit('endpoint', 10)], told(0.5)), alice, 20)).toBe(5);
  });

  it('takes a cautious part until the leader has spoken, of a small limit one call', () => {
    expect(admitted(quotaOf([limit('endpoint', 100)], new PoolShare()), alice, 200)).toBe(10);
    expect(admitted(quotaOf([limit('endpoint', 3)], new PoolShare()), alice, 9)).toBe(1);
  });

  it('takes over a change at once, and gives up nothing that it has given out already', () => {
    const share = told(0.5);
    const quota = quotaOf([limit('endpoint', 10)], share);
    expect(admitted(quota, alice, 4)).toBe(4);
    const [counter] = quota.of(alice, 0).counters;
    share.take(0.5, new Map([[counter!.shareId, { limit: 10, allowed: 2, used: 4 }]]), 0);
    expect(admitted(quota, alice, 4)).toBe(0);
    expect(counter?.reading(0)).toEqual({ allowed: 4, used: 4 });
    expect(admitted(quota, alice, 4, minute)).toBe(2);
  });

  it('says to come again soon where others may give up what they do not need', () => {
    const share = told(0.5);
    const quota = quotaOf([limit('endpoint', 2)], share);
    admitted(quota, alice, 1);
    const refusing = quota.of(alice, 0).admit(1, 0);
    expect(refusing?.msUntilRoom(1, 0)).toBe(2_000);
    share.take(0.5, new Map([[refusing!.shareId, { limit: 2, allowed: 1, used: 2 }]]), 0);
    quota.of(alice, 0).admit(1, 0);
    expect(refusing?.msUntilRoom(1, 0)).toBe(minute);
  });
});
