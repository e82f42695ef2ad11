import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RateLimit } from '../../crds/schema/governance.ts';
import { CallQuota } from './fixed-window.ts';

const minute = 60_000;
const alice = { principal: 'alice', groups: ['tasters', 'staff'] };
const bob = { principal: 'bob', groups: [] };
const limit = (key: RateLimit['key'], calls: number, principal?: string): RateLimit => ({
  key,
  calls,
  renewalPeriod: 'minute',
  ...(principal === undefined ? {} : { principal }),
});

/** Returns how many of `count` calls in a row are admitted. */
const admitted = (quota: CallQuota, caller: typeof alice, count: number, now = 0): number =>
  Array.from({ length: count }, () => quota.admit(caller, now)).filter((refusal) => refusal === undefined)
    .length;

describe('CallQuota', () => {
  it('admits everything where there are no limits', () => {
    expect(admitted(new CallQuota([]), alice, 100)).toBe(100);
  });

  it('counts users apart and the endpoint together', () => {
    const quota = new CallQuota([limit('endpoint', 5), limit('user', 3)]);
    expect(admitted(quota, alice, 10)).toBe(3);
    expect(admitted(quota, bob, 10)).toBe(2);
  });

  it('binds a user by the groups that the token of this request shows', () => {
    const quota = new CallQuota([limit('userGroup', 1, 'tasters')]);
    expect(admitted(quota, { principal: 'alice', groups: ['tasters'] }, 3)).toBe(1);
    expect(admitted(quota, { principal: 'alice', groups: ['staff'] }, 3)).toBe(3);
    expect(admitted(quota, { principal: 'alice', groups: ['tasters'] }, 3)).toBe(0);
  });

  it('says which limit is used up, and how long until the next minute', () => {
    const quota = new CallQuota([limit('user', 1)]);
    quota.admit(alice, 10 * minute + 45_500);
    expect(quota.admit(alice, 10 * minute + 45_500)).toEqual({
      kind: 'exceeded',
      scope: 'user',
      calls: 1,
      retryAfterSeconds: 15,
    });
  });

  it('asks for a whole second at least, even in the last millisecond of a minute', () => {
    const quota = new CallQuota([limit('user', 1)]);
    quota.admit(alice, minute - 1);
    expect(quota.admit(alice, minute - 1)?.retryAfterSeconds).toBe(1);
  });

  it('shuts out for good where the limit is 0', () => {
    expect(new CallQuota([limit('endpoint', 0)]).admit(alice, 0)?.kind).toBe('disabled');
  });

  it('starts anew with each minute', () => {
    const quota = new CallQuota([limit('endpoint', 2)]);
    expect([0, minute, 5 * minute].map((now) => admitted(quota, alice, 9, now))).toEqual([2, 2, 2]);
  });

  it('stops a member of several groups only when all of them are used up', () => {
    const quota = new CallQuota([limit('userGroup', 2, 'staff'), limit('userGroup', 5, 'tasters')]);
    expect(admitted(quota, alice, 20)).toBe(5);
  });

  it('takes nothing from the other counters when one of them refuses', () => {
    const quota = new CallQuota([limit('endpoint', 4), limit('user', 1)]);
    admitted(quota, alice, 10);
    expect(admitted(quota, bob, 1)).toBe(1);
    expect(quota.admit({ principal: 'carol', groups: [] }, 0)).toBeUndefined();
  });

  it('admits exactly the limit in every minute, whatever the times of the calls', () => {
    const times = fc.array(fc.nat(5 * minute), { maxLength: 200 }).map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 20 }), (at, calls) => {
        const quota = new CallQuota([limit('user', calls)]);
        const asked = new Map<number, number>();
        const passed = new Map<number, number>();
        for (const now of at) {
          const window = Math.floor(now / minute);
          asked.set(window, (asked.get(window) ?? 0) + 1);
          if (quota.admit(alice, now) === undefined) passed.set(window, (passed.get(window) ?? 0) + 1);
        }
        for (const [window, count] of asked) expect(passed.get(window)).toBe(Math.min(count, calls));
      }),
    );
  });
});
