import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { issueCertificate } from '../../platform/tls/authority.ts';
import { buildBundles } from '../../image/bundles.ts';
import { silentLog } from '../../kube/testing/plain-access.ts';
import { systemClock } from '../../platform/clock.ts';
import { until } from '../testing/http-client-fixture.ts';
import { awayFromTheEndOfAMinute } from '../testing/minute-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
import { freePort } from '../testing/redis-server-fixture.ts';
import { limitStoreSchema } from './config.ts';
import type { RedisLimitStore } from './redis-limit-store.ts';
import { StoreFixture, alice, isAdmitted, label, limit, urlOf } from './store-fixture.ts';

const t = new StoreFixture();
beforeEach(awayFromTheEndOfAMinute);
afterEach(() => t.stop());

describe('a store', () => {
  it('counts for all proxies together, and tells how it is', async () => {
    const server = await t.startServer();
    const [one, other] = [server, server].map((each) =>
      t.startClient({ url: urlOf(each) }, limit({ calls: 3 })),
    );
    await until(() => one!.store.isUp && other!.store.isUp);
    const verdicts = [await one!.ask(), await other!.ask(), await one!.ask(), await other!.ask()];
    expect(verdicts.map(isAdmitted)).toEqual([true, true, true, false]);
    expect(verdicts[3]?.full?.rule.id).toBe('endpoint/ calls');
    expect(await one!.metric('fairlead_limit_store_up')).toBe(1);
    expect(await one!.metric('fairlead_limit_store_seconds_count')).toBe(2);
  });

  it('is told what a request has used', async () => {
    const server = await t.startServer();
    const proxy = t.startClient({ url: urlOf(server) }, limit({ tokens: 1_000 }));
    await until(() => proxy.store.isUp);
    const verdict = await proxy.ask(800);
    const [counter] = proxy.quota.of(alice, Date.now()).counters;
    proxy.store.settle(label, counter!, -700, Math.floor(verdict!.now / 60_000));
    expect((await proxy.ask(100))?.remaining).toEqual([800]);
  });

  it('is asked once for all that comes together', async () => {
    const server = await t.startServer();
    const proxy = t.startClient({ url: urlOf(server) }, limit({ calls: 50 }));
    await until(() => proxy.store.isUp);
    const verdicts = await Promise.all(Array.from({ length: 80 }, () => proxy.ask()));
    expect(verdicts.filter(isAdmitted)).toHaveLength(50);
    expect(await proxy.metric('fairlead_limit_store_seconds_count')).toBe(1);
  });

  it('that needs a password and speaks TLS is reached with both', async () => {
    const pki = await makePki();
    onTestFinished(() => pki.removeDirectories());
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
    const port = await freePort();
    const server = await t.startServer(
      ...['--tls-port', String(port), '--tls-auth-clients', 'no', '--tls-ca-cert-file', file('ca.crt')],
      ...['--tls-cert-file', file('tls.crt'), '--tls-key-file', file('tls.key')],
    );
    await server.admin.config('SET', 'requirepass', 'secret');
    const secured = {
      url: `rediss://127.0.0.1:${port}`,
      caFile: file('ca.crt'),
      passwordFile: file('password'),
    };
    const proxy = t.startClient(secured, limit({ calls: 3 }));
    await until(() => proxy.store.isUp);
    expect(isAdmitted(await proxy.ask())).toBe(true);

    await writeFile(file('wrong'), 'guess');
    const stranger = t.startClient({ ...secured, passwordFile: file('wrong') }, limit({ calls: 3 }));
    const distrustful = t.startClient({ ...secured, caFile: file('tls.key') }, limit({ calls: 3 }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([stranger.store.isUp, distrustful.store.isUp]).toEqual([false, false]);
  });

  it('is reached from the bundle that ships as well', async () => {
    const server = await t.startServer();
    await buildBundles();
    const dist = join(import.meta.dirname, '../../dist');
    const [file = ''] = (await readdir(dist)).filter((name) => /^redis-limit-store-\w+\.js$/.test(name));
    const bundled = (await import(join(dist, file))) as { RedisLimitStore: typeof RedisLimitStore };
    const config = limitStoreSchema.parse({ url: urlOf(server) });
    const options = { config, clock: systemClock, registry: new Registry(), log: silentLog };
    const store = new bundled.RedisLimitStore(options);
    onTestFinished(() => store.stop());
    await until(() => store.isUp);
  });

  it('needs no more rights than the how-to names', async () => {
    const server = await t.startServer();
    const rights = ['eval', 'evalsha', 'ping', 'time', 'hmget', 'hset', 'pexpire'].map((name) => `+${name}`);
    await server.admin.acl('SETUSER', 'fairlead', 'on', '>secret', '~fairlead:*', '-@all', ...rights);
    const passwordFile = join(await mkdtemp(join(tmpdir(), 'fairlead-limits-')), 'password');
    onTestFinished(() => rm(dirname(passwordFile), { recursive: true }));
    await writeFile(passwordFile, 'secret');
    const limits = [limit({ calls: 2 }), limit({ key: 'user', tokens: 9, smoothing: { burstSeconds: 1 } })];
    const proxy = t.startClient({ url: urlOf(server), username: 'fairlead', passwordFile }, ...limits);
    await until(() => proxy.store.isUp);
    expect(isAdmitted(await proxy.ask())).toBe(true);
  });

  it('may be a cluster', async () => {
    const server = await t.startServer('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1');
    await server.admin.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await vi.waitFor(
      async () => expect(await server.admin.cluster('INFO')).toContain('cluster_state:ok'),
      10_000,
    );
    const proxy = t.startClient(
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
    const server = await t.startServer();
    const proxy = t.startClient({ url: urlOf(server) }, limit({ calls: 100 }));
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

  it('says when it goes and when it is back, and nothing more once it is stopped', async () => {
    const server = await t.startServer();
    const { store } = t.startClient({ url: urlOf(server) }, limit({ calls: 100 }));
    const changes: boolean[] = [];
    store.onChange(() => changes.push(store.isUp));
    await until(() => changes.length === 1);
    await server.kill();
    await until(() => changes.length === 2);
    await server.start();
    await until(() => changes.length === 3);
    await store.stop();
    expect(store.isUp).toBe(false);
    expect(changes).toEqual([true, false, true]);
  });

  it('that answers nothing is waited for no longer than the time-out, and is given up soon', async () => {
    const server = await t.startServer();
    const proxy = t.startClient(
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
    const server = await t.startServer();
    const proxy = t.startClient({ url: urlOf(server) }, limit({ calls: 100 }));
    await until(() => proxy.store.isUp);
    server.freeze();
    const answers = Promise.all([proxy.ask(), proxy.ask()]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.kill();
    expect(await answers).toEqual([undefined, undefined]);
    expect(await proxy.metric('fairlead_limit_store_fallbacks_total{reason="error"}')).toBe(2);
  });

  it('that has never been there is no reason to fail', async () => {
    const proxy = t.startClient({ url: 'redis://127.0.0.1:1' }, limit({ calls: 3 }));
    expect(proxy.store.isUp).toBe(false);
    expect(await proxy.ask()).toBeUndefined();
  });
});
