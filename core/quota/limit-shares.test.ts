import { describe, expect, it } from 'vitest';
import type { RateLimit } from '../../crds/schema/governance.ts';
import { EndpointQuota } from './endpoint-quota.ts';
import { LimitShares } from './limit-shares.ts';
import { shareReportSchema } from './share-report.ts';

const limits: readonly RateLimit[] = [{ key: 'user', calls: 100, renewalPeriod: 'minute' }];
const idOf = (user: string): string => `team-a/wine user/${user} calls 100/minute`;
const answer = (fraction: number, counters: { id: string; allowed: number }[] = []) => ({
  pools: [
    {
      pool: '',
      fraction,
      isFair: true,
      counters: counters.map((each) => ({ limit: 100, used: 0, ...each })),
    },
  ],
});

/** A proxy with half of each limit. */
function start(): {
  shares: LimitShares;
  call: (user: string, count: number) => number;
  quota: EndpointQuota;
} {
  const shares = new LimitShares();
  const quota = new EndpointQuota({ limits, label: 'team-a/wine', share: shares.poolOf('') });
  shares.take(answer(0.5), 0);
  const call = (principal: string, count: number): number => {
    const caller = quota.of({ principal, groups: [] }, 0);
    return Array.from({ length: count }, () => caller.admit(0, 0)).filter((full) => full === undefined)
      .length;
  };
  return { shares, call, quota };
}

const countersOf = (shares: LimitShares, leaving = false) => shares.report(0, leaving)?.pools[0]?.counters;

describe('what a proxy reports', () => {
  it('is nothing of counters that are well within its share', () => {
    const { shares, call } = start();
    call('alice', 20);
    expect(countersOf(shares)).toEqual([]);
  });

  it('is each counter that may soon be too small, until the leader has heard of it', () => {
    const { shares, call } = start();
    call('alice', 60);
    const alice = { id: idOf('alice'), limit: 100, allowed: 50, used: 50, wanted: 60 };
    expect(countersOf(shares)).toEqual([alice]);
    expect(countersOf(shares)).toEqual([{ ...alice, wanted: 0 }]);
    shares.take(answer(0.5), 0);
    expect(countersOf(shares)).toEqual([]);
  });

  it('is each counter that the leader has told of, whether it was ever used here or not', () => {
    const { shares, call } = start();
    call('alice', 10);
    const told = ['alice', 'bob'].map((user) => ({ id: idOf(user), allowed: 5 }));
    shares.take(answer(0.5, told), 0);
    expect(countersOf(shares)).toEqual([
      { id: idOf('alice'), limit: 100, allowed: 10, used: 10, wanted: 10 },
      { id: idOf('bob'), limit: 100, allowed: 5, used: 0, wanted: 0 },
    ]);
    expect(call('bob', 9)).toBe(5);
  });

  it('is what it has given out of a share that has become smaller', () => {
    const { shares, call } = start();
    call('alice', 20);
    shares.take(answer(0.1), 0);
    expect(countersOf(shares)).toMatchObject([{ id: idOf('alice'), allowed: 20, used: 20 }]);
  });

  it('is all that it has used when it leaves', () => {
    const { shares, call } = start();
    call('alice', 2);
    call('bob', 3);
    expect(countersOf(shares, true)?.map(({ id, used }) => [id, used])).toEqual([
      [idOf('alice'), 2],
      [idOf('bob'), 3],
    ]);
  });

  it('is one that the leader can read, however long the names of callers are', () => {
    const { shares, call } = start();
    call('x'.repeat(5_000), 60);
    expect(shareReportSchema.safeParse(shares.report(0)).success).toBe(true);
  });

  it('ends with the limits', () => {
    const { shares, call, quota } = start();
    call('alice', 60);
    quota.stop();
    expect(countersOf(shares)).toEqual([]);
    shares.retainOnly(new Set());
    expect(shares.report(0)).toBeUndefined();
  });
});
