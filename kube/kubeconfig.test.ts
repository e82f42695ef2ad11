/** Owns the proof that each kind of kubeconfig user reaches the wire, and that a broken file is named. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClusterAccess } from './credentials.ts';
import { loadKubeconfigAccess } from './kubeconfig.ts';
import { json, refusal, startFakeApiServer } from './testing/fake-api-server.ts';
import type { FakeApiServer } from './testing/fake-api-server.ts';
import { KubeTransport } from './transport.ts';

let directory: string;
let api: FakeApiServer;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  api = await startFakeApiServer();
  api.always(() => true, json({ ok: true }));
});
afterEach(async () => {
  await api.stop();
  await rm(directory, { recursive: true });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function write(options: {
  user?: object;
  cluster?: object;
  context?: object;
  name?: string;
}): Promise<string> {
  const path = join(directory, options.name ?? 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [
      { name: 'c', cluster: { server: api.url, 'insecure-skip-tls-verify': true, ...options.cluster } },
    ],
    users: [{ name: 'u', user: options.user ?? {} }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', ...options.context } }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

async function ask(access: ClusterAccess): Promise<unknown> {
  const transport = new KubeTransport({ access, userAgent: 'test' });
  try {
    return await transport.request({ method: 'GET', path: '/version' });
  } finally {
    await transport.close();
  }
}

/** An exec plugin that gives the token which the file `token` holds. */
async function writePlugin(): Promise<object> {
  const plugin = join(directory, 'plugin.mjs');
  const tokenFile = join(directory, 'token');
  await writeFile(
    plugin,
    `#!${process.execPath}
import { readFileSync } from 'node:fs';
console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential',
  status: { token: readFileSync(${JSON.stringify(tokenFile)}, 'utf8').trim() } }));`,
  );
  await chmod(plugin, 0o755);
  await writeFile(tokenFile, 'one');
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin } };
}

describe('users', () => {
  it.each([
    ['a token', { token: 'abc' }, 'Bearer abc'],
    ['name and password', { username: 'ann', password: 'pw' }, `Basic ${base64('ann:pw')}`],
    ['nothing', {}, undefined],
  ])('with %s are told to the server', async (_row, user, authorization) => {
    await ask(loadKubeconfigAccess(await write({ user })));
    expect(api.requests[0]?.headers.authorization).toBe(authorization);
  });

  it('with impersonation are told to the server', async () => {
    await ask(loadKubeconfigAccess(await write({ user: { token: 'abc', as: 'bob' } })));
    expect(api.requests[0]?.headers['impersonate-user']).toBe('bob');
  });

  it('with certificates bring them as TLS material, the same object each time', async () => {
    const user = { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') };
    const cluster = { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'kubernetes' };
    const access = loadKubeconfigAccess(await write({ user, cluster }));
    const { tls } = await access.credentials();
    expect(tls).toMatchObject({ servername: 'kubernetes', rejectUnauthorized: false });
    expect([tls.ca, tls.cert, tls.key].map(String)).toEqual(['CA', 'CERT', 'KEY']);
    expect((await access.credentials()).tls).toBe(tls);
  });

  it('with a token file are read from it again after a 401', async () => {
    const tokenFile = join(directory, 'token');
    await writeFile(tokenFile, 'one\n');
    api.always(({ headers }) => headers.authorization === 'Bearer one', refusal(401, 'Unauthorized'));
    const access = loadKubeconfigAccess(await write({ user: { tokenFile } }));
    await access.credentials();
    await writeFile(tokenFile, 'two\n');
    await expect(ask(access)).resolves.toEqual({ ok: true });
    expect(api.requests.at(-1)?.headers.authorization).toBe('Bearer two');
  });

  it('with an exec plugin get a new token from it after a 401', async () => {
    api.always(({ headers }) => headers.authorization === 'Bearer one', refusal(401, 'Unauthorized'));
    const access = loadKubeconfigAccess(await write({ user: await writePlugin() }));
    await access.credentials();
    await writeFile(join(directory, 'token'), 'two');
    await expect(ask(access)).resolves.toEqual({ ok: true });
    expect(api.requests.at(-1)?.headers.authorization).toBe('Bearer two');
  });

  it('with an exec plugin that fails are an error that names the kubeconfig', async () => {
    const user = {
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: join(directory, 'missing') },
    };
    const path = await write({ user });
    await expect(ask(loadKubeconfigAccess(path))).rejects.toMatchObject({
      code: 'KUBE_CREDENTIALS_UNREADABLE',
      message: expect.stringContaining(path) as string,
    });
  });
});

describe('the file', () => {
  it('gives the namespace of the context', async () => {
    const access = loadKubeconfigAccess(await write({ context: { namespace: 'team-a' } }));
    expect(access.defaultNamespace).toBe('team-a');
    expect(loadKubeconfigAccess(await write({})).defaultNamespace).toBe('default');
  });

  it('loses the slash at the end of the server', async () => {
    expect(loadKubeconfigAccess(await write({ cluster: { server: `${api.url}/` } })).baseUrl).toBe(api.url);
  });

  it('may be several, joined as in KUBECONFIG', async () => {
    const first = await write({ user: { token: 'abc' } });
    const second = join(directory, 'second');
    await writeFile(
      second,
      JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters: [], users: [], contexts: [] }),
    );
    await ask(loadKubeconfigAccess([first, second].join(delimiter)));
    expect(api.requests[0]?.headers.authorization).toBe('Bearer abc');
  });

  it.each([
    ['is not there', () => Promise.resolve(join(directory, 'missing')), 'missing'],
    ['is no YAML', () => writeFile(join(directory, 'bad'), '{').then(() => join(directory, 'bad')), 'bad'],
    ['names a context without a cluster', () => write({ context: { cluster: 'other' } }), 'names no cluster'],
    ['names a server that is no URL', () => write({ cluster: { server: 'nowhere' } }), 'not a URL'],
    ['wants a proxy', () => write({ cluster: { 'proxy-url': 'http://127.0.0.1:1' } }), 'proxy-url'],
  ])('that %s is refused in words', async (_row, make, words) => {
    const path = await make();
    expect(() => loadKubeconfigAccess(path)).toThrow(
      expect.objectContaining({
        code: 'KUBECONFIG_INVALID',
        message: expect.stringContaining(words) as string,
      }),
    );
  });

  it('is refused when KUBECONFIG names nothing', () => {
    expect(() => loadKubeconfigAccess(delimiter)).toThrow('no file is named');
  });

  it('with plain http is used only where skipping TLS checks was asked for', async () => {
    const path = await write({ user: { token: 'abc' }, cluster: { 'insecure-skip-tls-verify': false } });
    await expect(ask(loadKubeconfigAccess(path))).rejects.toMatchObject({
      code: 'KUBE_CREDENTIALS_UNREADABLE',
    });
    expect(api.requests).toHaveLength(0);
  });
});
