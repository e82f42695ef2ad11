/** Owns the proof that several proxies with one store never let more than a limit through. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../testing/http-client-fixture.ts';
import { awayFromTheEndOfAMinute } from '../testing/minute-fixture.ts';
import { StoreFixture, alice, isAdmitted, label, limit, urlOf } from './store-fixture.ts';
import type { StoreClient } from './store-fixture.ts';

const t = new StoreFixture();
beforeEach(awayFromTheEndOfAMinute);
afterEach(() => t.stop());

describe('several proxies with one store', () => {
  const plays = fc.record({
    calls: fc.integer({ min: 1, max: 40 }),
    proxies: fc.integer({ min: 1, max: 5 }),
    rounds: fc.array(fc.array(fc.nat(4), { maxLength: 15 }), { minLength: 1, maxLength: 6 }),
  });

  it('never let more than the limit through in a minute', async () => {
    const server = await t.startServer();
    const all = Array.from({ length: 5 }, () => new Map<number, StoreClient>());
    const proxyOf = (index: number, calls: number): StoreClient => {
      const known = all[index]?.get(calls);
      if (known !== undefined) return known;
      const proxy = t.startClient({ url: urlOf(server) }, limit({ calls }));
      all[index]?.set(calls, proxy);
      return proxy;
    };
    await fc.assert(
      fc.asyncProperty(plays, async ({ calls, proxies, rounds }) => {
        await server.admin.flushall();
        const passed = new Map<number, number>();
        for (const round of rounds) {
          const asking = round.map((index) => proxyOf(index % proxies, calls));
          await until(() => asking.every(({ store }) => store.isUp));
          for (const verdict of await Promise.all(asking.map((proxy) => proxy.ask()))) {
            expect(verdict).toBeDefined();
            const minute = Math.floor((verdict?.now ?? 0) / 60_000);
            if (isAdmitted(verdict)) passed.set(minute, (passed.get(minute) ?? 0) + 1);
          }
        }
        const asked = rounds.flat().length;
        for (const count of passed.values()) expect(count).toBeLessThanOrEqual(calls);
        if (passed.size === 1) expect([...passed.values()]).toEqual([Math.min(asked, calls)]);
      }),
      { numRuns: 40 },
    );
  });

  it('never let more tokens through than there are, when none needs more than was reserved', async () => {
    const server = await t.startServer();
    const proxies = Array.from({ length: 3 }, () =>
      t.startClient({ url: urlOf(server) }, limit({ tokens: 1_000 })),
    );
    await until(() => proxies.every(({ store }) => store.isUp));
    const requests = fc.array(
      fc.record({ proxy: fc.nat(2), reserved: fc.integer({ min: 1, max: 400 }), used: fc.nat(100) }),
      { minLength: 1, maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(requests, async (list) => {
        await server.admin.flushall();
        const used = new Map<number, number>();
        await Promise.all(
          list.map(async ({ proxy: index, reserved, used: percent }) => {
            const proxy = proxies[index]!;
            const verdict = await proxy.ask(reserved);
            if (!isAdmitted(verdict)) return;
            const minute = Math.floor(verdict!.now / 60_000);
            const needed = Math.floor((reserved * percent) / 100);
            used.set(minute, (used.get(minute) ?? 0) + needed);
            const [counter] = proxy.quota.of(alice, Date.now()).counters;
            proxy.store.settle(label, counter!, needed - reserved, minute);
          }),
        );
        for (const count of used.values()) expect(count).toBeLessThanOrEqual(1_000);
      }),
      { numRuns: 25 },
    );
  });
});
