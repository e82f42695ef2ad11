import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RateLimit } from '../../crds/schema/governance.ts';
import { EndpointQuota } from '../../core/quota/endpoint-quota.ts';
import { awayFromTheEndOfAMinute } from '../testing/minute-fixture.ts';
import { startRedisServer } from '../testing/redis-server-fixture.ts';
import type { RedisServer } from '../testing/redis-server-fixture.ts';
import { ScriptAnswer, ScriptCall, script } from './script.ts';
import type { StoreVerdict } from '../stages/limit/limit-store.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis.stop());
beforeEach(() => redis.admin.flushall());

const alice = { principal: 'alice', groups: ['staff', 'tasters'] };
const limit = (key: RateLimit['key'], more: Partial<RateLimit>): RateLimit => ({
  key,
  renewalPeriod: 'minute',
  ...more,
});
const quotaOf = (...limits: RateLimit[]): EndpointQuota =>
  new EndpointQuota({ limits, label: 'team-a/wine' });
const callOf = (): ScriptCall => new ScriptCall('test:', 'team-a/wine');
const run = (call: ScriptCall): Promise<unknown> =>
  redis.admin.eval(script, call.keys.length, ...call.keys, ...call.values);

/** Asks for each of `costs` in one call. */
async function ask(quota: EndpointQuota, costs: readonly number[], caller = alice): Promise<StoreVerdict[]> {
  const call = callOf();
  const bound = quota.of(caller, 0);
  for (const tokens of costs) call.ask(bound, tokens);
  const answer = new ScriptAnswer(await run(call));
  return costs.map(() => answer.next(bound));
}

const fullOf = (verdicts: readonly StoreVerdict[]): (string | undefined)[] =>
  verdicts.map(({ full }) => full?.rule.id);

describe('the script', () => {
  beforeEach(awayFromTheEndOfAMinute);

  it('takes from every counter or from none, in the order of the asks', async () => {
    const quota = quotaOf(limit('endpoint', { calls: 3 }), limit('user', { calls: 2 }));
    const verdicts = await ask(quota, [1, 1, 1]);
    expect(fullOf(verdicts)).toEqual([undefined, undefined, 'user/alice calls']);
    expect(verdicts.map(({ remaining }) => remaining)).toEqual([
      [2, 1],
      [1, 0],
      [1, 0],
    ]);
    expect(fullOf(await ask(quota, [1, 1], { principal: 'bob', groups: [] }))).toEqual([
      undefined,
      'endpoint/ calls',
    ]);
  });

  it('reserves tokens, and refuses what does not fit', async () => {
    const quota = quotaOf(limit('user', { tokens: 1_000 }));
    expect(fullOf(await ask(quota, [600, 600, 400]))).toEqual([undefined, 'user/alice tokens', undefined]);
  });

  it('puts right what was reserved, in its minute; later only what is owed', async () => {
    const quota = quotaOf(limit('user', { tokens: 1_000 }));
    const [first] = await ask(quota, [600]);
    const minute = Math.floor(first!.now / 60_000);
    const [counter] = quota.of(alice, 0).counters;
    const call = callOf();
    call.add(counter!.rule, -500, minute);
    call.add(counter!.rule, -500, minute - 1);
    call.add(counter!.rule, 30, minute - 1);
    await run(call);
    expect((await ask(quota, [1]))[0]?.remaining).toEqual([869]);
  });

  it('never credits more than the limit', async () => {
    const quota = quotaOf(limit('user', { tokens: 1_000 }));
    const [first] = await ask(quota, [100]);
    const call = callOf();
    call.add(quota.of(alice, 0).counters[0]!.rule, -5_000, Math.floor(first!.now / 60_000));
    await run(call);
    expect((await ask(quota, [1]))[0]?.remaining).toEqual([999]);
  });

  it('lets a member of several groups pass while one of them has room, and takes from those alone', async () => {
    const quota = quotaOf(
      limit('userGroup', { calls: 1, principal: 'staff' }),
      limit('userGroup', { calls: 3, principal: 'tasters' }),
    );
    const verdicts = await ask(quota, [1, 1, 1, 1]);
    expect(fullOf(verdicts)).toEqual([undefined, undefined, undefined, 'userGroup/staff calls']);
    expect(verdicts.map(({ isOpen }) => [isOpen(0), isOpen(1)])).toEqual([
      [true, true],
      [false, true],
      [false, true],
      [false, false],
    ]);
    expect(verdicts[3]?.remaining).toEqual([0, 0]);
  });

  it('spreads a limit evenly: a burst, and then what trickles in', async () => {
    const quota = quotaOf(limit('endpoint', { calls: 600, smoothing: { burstSeconds: 1 } }));
    const verdicts = await ask(
      quota,
      Array.from({ length: 12 }, () => 1),
    );
    expect(fullOf(verdicts).filter((id) => id === undefined)).toHaveLength(10);
    await new Promise((resolve) => setTimeout(resolve, 250));
    const later = fullOf(
      await ask(
        quota,
        Array.from({ length: 12 }, () => 1),
      ),
    );
    expect(later.filter((id) => id === undefined).length).toBeGreaterThanOrEqual(2);
  });

  it('keeps what was counted when a limit is raised or lowered', async () => {
    await ask(quotaOf(limit('user', { calls: 10 })), [1, 1, 1]);
    expect((await ask(quotaOf(limit('user', { calls: 20 })), [1]))[0]?.remaining).toEqual([16]);
    expect(fullOf(await ask(quotaOf(limit('user', { calls: 4 })), [1]))).toEqual(['user/alice calls']);
  });

  it('leaves nothing behind for ever', async () => {
    await ask(quotaOf(limit('user', { calls: 10, tokens: 9, smoothing: { burstSeconds: 1 } })), [1]);
    await ask(quotaOf(limit('user', { calls: 10, tokens: 9 })), [1]);
    const keys = await redis.admin.keys('*');
    expect(keys).toHaveLength(4);
    for (const key of keys) expect(await redis.admin.pttl(key)).toBeGreaterThan(0);
  });

  it('has all keys of an endpoint on one node of a cluster', () => {
    const call = callOf();
    call.ask(quotaOf(limit('endpoint', { calls: 1 }), limit('user', { calls: 1 })).of(alice, 0), 1);
    expect(call.keys).toEqual(['test:{team-a/wine}:endpoint/ calls', 'test:{team-a/wine}:user/alice calls']);
  });
});

it('is read with care', () => {
  const caller = quotaOf(limit('user', { calls: 10 })).of(alice, 0);
  expect(() => new ScriptAnswer('OK')).toThrow('something else than numbers');
  expect(() => new ScriptAnswer([1, 0]).next(caller)).toThrow('too short');
});
