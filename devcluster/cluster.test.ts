import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeLogger } from '../platform/logging.ts';
import { startCluster } from './cluster.ts';
import type { Cluster } from './cluster.ts';

describe('the embedded cluster', () => {
  let stateDir: string;
  const log = makeLogger({ process: 'test', level: 'silent' });
  const start = (port = 0): Promise<Cluster> =>
    startCluster({ stateDir, address: { host: '127.0.0.1', port }, images: {}, log });
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'fairlead-cluster-'));
  });
  afterEach(() => rm(stateDir, { recursive: true, force: true }));

  it('leaves a kubeconfig and a token that only their owner can read, and keeps them', async () => {
    const first = await start();
    const token = await readFile(first.tokenPath, 'utf8');
    const kubeconfig = JSON.parse(await readFile(first.kubeconfigPath, 'utf8')) as {
      clusters: { cluster: { server: string } }[];
      users: { user: { token: string } }[];
    };
    expect(kubeconfig.clusters[0]?.cluster.server).toBe(first.api.url);
    expect(kubeconfig.users[0]?.user.token).toBe(token);
    for (const path of [first.tokenPath, first.kubeconfigPath]) {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    await first.stop();
    const second = await start();
    expect(await readFile(second.tokenPath, 'utf8')).toBe(token);
    await second.stop();
  });

  it('says which port is taken', async () => {
    const first = await start();
    const otherState = join(stateDir, 'other');
    const address = { host: '127.0.0.1', port: first.api.address.port };
    const second = startCluster({ stateDir: otherState, address, images: {}, log });
    await expect(second).rejects.toMatchObject({ code: 'LISTEN_ADDRESS_IN_USE' });
    await first.stop();
  });
});
