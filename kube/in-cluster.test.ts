/** Owns the proof of access from inside a pod: rotation, damage to the mount, and that client-node stays out. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadClusterAccess } from './access.ts';
import type { ClusterAccess } from './credentials.ts';
import { loadInClusterAccess } from './in-cluster.ts';
import { json, refusal, startFakeApiServer } from './testing/fake-api-server.ts';
import { silentLog } from './testing/plain-access.ts';
import { KubeTransport } from './transport.ts';

const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '6443' };
let directory: string;
let now: number;
const clock = { now: () => now, monotonic: () => now };
const put = (name: string, content: string): Promise<void> => writeFile(join(directory, name), content);
const load = (): Promise<ClusterAccess> =>
  loadInClusterAccess({ serviceAccountDir: directory, env, log: silentLog, clock });
const tokenOf = async (access: ClusterAccess): Promise<string | undefined> =>
  (await access.credentials()).headers['authorization'];

beforeEach(async () => {
  now = 0;
  directory = await mkdtemp(join(tmpdir(), 'service-account-'));
  await put('token', 'first\n');
  await put('ca.crt', 'CA 1');
  await put('namespace', 'fairlead-system\n');
});
afterEach(() => rm(directory, { recursive: true }));

describe('in-cluster access', () => {
  it('is read from the mount and the environment', async () => {
    const access = await load();
    expect(access.baseUrl).toBe('https://127.0.0.1:6443');
    expect(access.defaultNamespace).toBe('fairlead-system');
    await expect(access.credentials()).resolves.toEqual({
      tls: { ca: 'CA 1' },
      headers: { authorization: 'Bearer first' },
    });
  });

  it('puts an IPv6 host into brackets', async () => {
    const access = await loadInClusterAccess({
      serviceAccountDir: directory,
      env: { ...env, KUBERNETES_SERVICE_HOST: 'fd00::1' },
      log: silentLog,
    });
    expect(access.baseUrl).toBe('https://[fd00::1]:6443');
  });

  it('keeps the token for a minute and then reads it again', async () => {
    const access = await load();
    await put('token', 'second');
    now = 59_999;
    await expect(tokenOf(access)).resolves.toBe('Bearer first');
    now = 60_000;
    await expect(tokenOf(access)).resolves.toBe('Bearer second');
  });

  it('reads the token at once after a 401', async () => {
    const access = await load();
    await put('token', 'second');
    access.invalidate();
    await expect(tokenOf(access)).resolves.toBe('Bearer second');
  });

  it('keeps the same TLS object until the CA changes', async () => {
    const access = await load();
    const { tls } = await access.credentials();
    await put('token', 'second');
    access.invalidate();
    expect((await access.credentials()).tls).toBe(tls);
    await put('ca.crt', 'CA 2');
    access.invalidate();
    expect((await access.credentials()).tls).toEqual({ ca: 'CA 2' });
  });

  it.each([
    ['is gone', () => rm(join(directory, 'token'))],
    ['is empty', () => put('token', '')],
  ])('keeps the last good token while the file %s', async (_row, damage) => {
    const access = await load();
    await damage();
    access.invalidate();
    await expect(tokenOf(access)).resolves.toBe('Bearer first');
    await put('token', 'third');
    await expect(tokenOf(access)).resolves.toBe('Bearer third');
  });

  it.each([['token'], ['ca.crt'], ['namespace']])('cannot start without the file %s', async (name) => {
    await rm(join(directory, name));
    await expect(load()).rejects.toMatchObject({ code: 'KUBE_CREDENTIALS_UNREADABLE' });
  });

  it('says what to do outside a cluster', async () => {
    await expect(loadInClusterAccess({ env: {}, log: silentLog })).rejects.toMatchObject({
      code: 'KUBE_ACCESS_MISSING',
    });
  });

  it('gets through a rotation that revoked the old token', async () => {
    const api = await startFakeApiServer();
    api.always(({ headers }) => headers.authorization === 'Bearer first', refusal(401, 'Unauthorized'));
    api.always(({ headers }) => headers.authorization === 'Bearer second', json({ ok: true }));
    const access = { ...(await load()), baseUrl: api.url };
    const transport = new KubeTransport({ access, userAgent: 'test' });
    await put('token', 'second');
    await expect(transport.request({ method: 'GET', path: '/version' })).resolves.toEqual({ ok: true });
    await transport.close();
    await api.stop();
  });
});

describe('the choice of access', () => {
  const kubeconfig = (server: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    });

  it.each([
    ['the explicit kubeconfig before all', true, true, 'https://explicit'],
    ['KUBECONFIG before the ServiceAccount', false, true, 'https://environment'],
    ['the ServiceAccount where there is no kubeconfig', false, false, 'https://127.0.0.1:6443'],
  ])('takes %s', async (_row, explicit, environment, expected) => {
    await put('explicit', kubeconfig('https://explicit'));
    await put('environment', kubeconfig('https://environment'));
    const access = await loadClusterAccess({
      kubeconfig: explicit ? join(directory, 'explicit') : undefined,
      serviceAccountDir: directory,
      env: environment ? { ...env, KUBECONFIG: join(directory, 'environment') } : env,
      log: silentLog,
      clock,
    });
    expect(access.baseUrl).toBe(expected);
  });
});

describe('weight', () => {
  it('a process with a ServiceAccount never loads client-node, nor X.509 code', async () => {
    const program = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
      const room = ${JSON.stringify(new URL('.', import.meta.url).href)};
      const files = ['access', 'client', 'informer', 'kinds', 'events', 'controller', 'leader-election', 'transport'];
      const modules = await Promise.all(files.map((file) => import(room + file + '.ts')));
      const { pino } = await import('pino');
      await modules[0].loadClusterAccess({ serviceAccountDir: ${JSON.stringify(directory)}, env: ${JSON.stringify(env)}, log: pino({ level: 'silent' }) });
      console.log(JSON.stringify(loaded));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: new URL('..', import.meta.url).pathname,
      timeout: 10_000,
    });
    const loaded = JSON.parse(stdout) as string[];
    expect(loaded.some((url) => url.includes('/undici/'))).toBe(true);
    expect(loaded.filter((url) => /@kubernetes\/client-node|@peculiar\/x509/.test(url))).toEqual([]);
  });
});
