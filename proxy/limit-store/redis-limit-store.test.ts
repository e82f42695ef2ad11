import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RateLimit } from '../../crds/schema/governance.ts';
import { EndpointQuota } from '../../core/quota/endpoint-quota.ts';
import { silentLog } from '../../kube/testing/plain-access.ts';
import { systemClock } from '../../platform/clock.ts';
import { issueCertificate } from '../../platform/tls/authority.ts';
import type { StoreVerdict } from '../stages/limit/limit-store.ts';
import { until } from '../testing/http-client-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
import { awayFromTheEndOfAMinute } from '../testing/minute-fixture.ts';
import { startRedisServer } from '../testing/redis-server-fixture.ts';
import type { RedisServer } from '../testing/redis-server-fixture.ts';
import { limitStoreSchema } from './config.ts';
import type { LimitStoreConfig } from './config.ts';
import { RedisLimitStore } from './redis-limit-store.ts';

beforeEach(awayFromTheEndOfAMinute);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const label = 'team-a/wine';
const alice = { principal: 'alice', groups: [] };
const limit = (more: Partial<RateLimit>): RateLimit => ({
  key: 'endpoint',
  renewalPeriod: 'minute',
  ...more,
});

async function startServer(...more: string[]): Promise<RedisServer> {
  const server = await startRedisServer(more);
  cleanUps.push(() => server.stop());
  return server;
}

/** A proxy with the store; on a busy machine an answer may take its time. */
interface Proxy {
  readonly store: RedisLimitStore;
  readonly registry: Registry;
  readonly quota: EndpointQuota;
  /** Returns what the store says; undefined where it says nothing. */
  ask(tokens?: number): Promise<StoreVerdict | undefined>;
  metric(name: string): Promise<number>;
}

function startProxy(config: Partial<LimitStoreConfig> & { url: string }, ...limits: RateLimit[]): Proxy {
  const registry = new Registry();
  const store = new RedisLimitStore({
    config: limitStoreSchema.parse({ timeoutMs: 1_000, ...config }),
    clock: systemClock,
    registry,
    log: silentLog,
  });
  cleanUps.push(() => store.stop());
  const quota = new EndpointQuota({ limits, label });
  return {
    store,
    registry,
    quota,
    ask: (tokens = 1) =>
      new Promise((resolve) => {
        const caller = quota.of(alice, Date.now());
        store.ask({ label, caller, tokens, onVerdict: resolve, onUnavailable: () => resolve(undefined) });
      }),
    metric: async (name) => {
      const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
  };
}

const urlOf = ({ port }: { readonly port: number }): string => `redis://127.0.0.1:${port}`;
const isAdmitted = (verdict: StoreVerdict | undefined): boolean =>
  verdict !== undefined && verdict.full === undefined;

describe('a store', () => {
  it('counts for all proxies together, and tells how it is', async () => {
    const server = await startServer();
    const [one, other] = [server, server].map((each) =>
      startProxy({ url: urlOf(each) }, limit({ calls: 3 })),
    );
    await until(() => one!.store.isUp && other!.store.isUp);
    const verdicts = [await one!.ask(), await other!.ask(), await one!.ask(), await other!.ask()];
    expect(verdicts.map(isAdmitted)).toEqual([true, true, true, false]);
    expect(verdicts[3]?.full?.rule.id).toBe('endpoint/ calls');
    expect(await one!.metric('fairlead_limit_store_up')).toBe(1);
    expect(await one!.metric('fairlead_limit_store_seconds_count')).toBe(2);
  });

  it('is told what a request has used', async () => {
    const server = await startServer();
    const proxy = startProxy({ url: urlOf(server) }, limit({ tokens: 1_000 }));
    await until(() => proxy.store.isUp);
    const verdict = await proxy.ask(800);
    const [counter] = proxy.quota.of(alice, Date.now()).counters;
    proxy.store.settle(label, counter!, -700, Math.floor(verdict!.now / 60_000));
    expect((await proxy.ask(100))?.remaining).toEqual([800]);
  });

  it('is asked once for all that comes together', async () => {
    const server = await startServer();
    const proxy = startProxy({ url: urlOf(server) }, limit({ calls: 50 }));
    await until(() => proxy.store.isUp);
    const verdicts = await Promise.all(Array.from({ length: 80 }, () => proxy.ask()));
    expect(verdicts.filter(isAdmitted)).toHaveLength(50);
    expect(await proxy.metric('fairlead_limit_store_seconds_count')).toBe(1);
  });

  it('that needs a password and speaks TLS is reached with both', async () => {
    const pki = await makePki();
    cleanUps.push(() => pki.removeDirectories());
    const { certificatePem, privateKeyPem } = await issueCertificate(pki.authority, {
      commonName: 'store',
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
      now: Date.now(),
      validMs: 3_600_000,
    });
    const directory = await pki.directory('spiffe://cluster.local/store');
    const file = (name: string): string => join(directory, name);
    await writeFile(file('tls.crt'), certificatePem);
    await writeFile(file('tls.key'), privateKeyPem);
    await writeFile(file('password'), 'secret\n');
    const plain = await startServer();
    const port = plain.port;
    await plain.kill();
    const tls = [
      '--tls-port',
      String(port),
      '--tls-cert-file',
      file('tls.crt'),
      '--tls-key-file',
      file('tls.key'),
    ];
    const server = await startServer(
      '--tls-auth-clients',
      'no',
      '--tls-ca-cert-file',
      file('ca.crt'),
      ...tls,
    );
    await server.admin.config('SET', 'requirepass', 'secret');
    const secured = {
      url: `rediss://127.0.0.1:${port}`,
      caFile: file('ca.crt'),
      passwordFile: file('password'),
    };
    const proxy = startProxy(secured, limit({ calls: 3 }));
    await until(() => proxy.store.isUp);
    expect(isAdmitted(await proxy.ask())).toBe(true);

    await writeFile(file('wrong'), 'guess');
    const stranger = startProxy({ ...secured, passwordFile: file('wrong') }, limit({ calls: 3 }));
    const distrustful = startProxy({ ...secured, caFile: file('tls.key') }, limit({ calls: 3 }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([stranger.store.isUp, distrustful.store.isUp]).toEqual([false, false]);
  });

  it('may be a cluster', async () => {
    const server = await startServer('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1');
    await server.admin.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await vi.waitFor(
      async () => expect(await server.admin.cluster('INFO')).toContain('cluster_state:ok'),
      10_000,
    );
    const proxy = startProxy(
      { url: urlOf(server), cluster: true },
      limit({ calls: 2 }),
      limit({ key: 'user', calls: 9 }),
    );
    await until(() => proxy.store.isUp);
    const verdicts = [await proxy.ask(), await proxy.ask(), await proxy.ask()];
    expect(verdicts.map(isAdmitted)).toEqual([true, true, false]);
  });
});

describe('a store that is away', () => {
  it('is not asked, and is told afterwards what was counted without it', async () => {
    const server = await startServer();
    const proxy = startProxy({ url: urlOf(server) }, limit({ calls: 100 }));
    await until(() => proxy.store.isUp);
    await proxy.ask();
    await server.kill();
    await until(() => !proxy.store.isUp);
    const caller = proxy.quota.of(alice, Date.now());
    const minute = (): number => Math.floor(Date.now() / 60_000);
    const taken = caller.counters.map((counter) => [counter, 20] as const);
    proxy.store.noteUnasked(label, taken, minute());
    proxy.store.settle(label, caller.counters[0]!, 5, minute());
    expect(await proxy.metric('fairlead_limit_store_up')).toBe(0);
    expect(await proxy.metric('fairlead_limit_store_fallbacks_total{reason="down"}')).toBe(1);
    await server.start();
    await until(() => proxy.store.isUp);
    // The server is a new one: what it knew is gone, what was counted without it is not.
    expect((await proxy.ask())?.remaining).toEqual([74]);
  });

  it('that answers nothing is waited for no longer than the time-out, and is given up soon', async () => {
    const server = await startServer();
    const proxy = startProxy(
      { url: urlOf(server), timeoutMs: 25, connectTimeoutMs: 300 },
      limit({ calls: 100 }),
    );
    await until(() => proxy.store.isUp);
    server.freeze();
    onTestFinished(() => server.thaw());
    const asked = [await proxy.ask(), await proxy.ask(), await proxy.ask()];
    expect(asked).toEqual([undefined, undefined, undefined]);
    expect(proxy.store.isUp).toBe(false);
    expect(await proxy.metric('fairlead_limit_store_fallbacks_total{reason="timeout"}')).toBe(3);
    server.thaw();
    await until(() => proxy.store.isUp);
    expect(await proxy.ask()).toBeDefined();
  });

  it('answers nobody who has asked at the moment it goes', async () => {
    const server = await startServer();
    const proxy = startProxy({ url: urlOf(server) }, limit({ calls: 100 }));
    await until(() => proxy.store.isUp);
    server.freeze();
    const answers = Promise.all([proxy.ask(), proxy.ask()]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.kill();
    expect(await answers).toEqual([undefined, undefined]);
    expect(await proxy.metric('fairlead_limit_store_fallbacks_total{reason="error"}')).toBe(2);
  });

  it('that has never been there is no reason to fail', async () => {
    const proxy = startProxy({ url: 'redis://127.0.0.1:1' }, limit({ calls: 3 }));
    expect(proxy.store.isUp).toBe(false);
    expect(await proxy.ask()).toBeUndefined();
  });
});

describe('several proxies with one store', () => {
  const plays = fc.record({
    calls: fc.integer({ min: 1, max: 40 }),
    proxies: fc.integer({ min: 1, max: 5 }),
    rounds: fc.array(fc.array(fc.nat(4), { maxLength: 15 }), { minLength: 1, maxLength: 6 }),
  });

  it('never let more than the limit through in a minute', async () => {
    const server = await startServer();
    const all = Array.from({ length: 5 }, () => new Map<number, Proxy>());
    const proxyOf = (index: number, calls: number): Proxy => {
      const known = all[index]?.get(calls);
      if (known !== undefined) return known;
      const proxy = startProxy({ url: urlOf(server) }, limit({ calls }));
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
    const server = await startServer();
    const proxies = Array.from({ length: 3 }, () =>
      startProxy({ url: urlOf(server) }, limit({ tokens: 1_000 })),
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
