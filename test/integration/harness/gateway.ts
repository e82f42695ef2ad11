/** Owns a gateway in tests: the process that ships, with the rights of its ServiceAccount, behind a proxy that sees what it asks. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SeenRequest } from './fault-proxy.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { tlsOf } from './proxies.ts';
import { systemNamespace } from './world.ts';
import type { World } from './world.ts';

export interface RunningGateway {
  readonly url: string;
  /** What it has asked of the API server. */
  requests(): readonly SeenRequest[];
  stop(): Promise<void>;
}

/** Starts a gateway once the operator has made its certificate. */
export async function startGatewayProcess({ api, client }: World): Promise<RunningGateway> {
  const dir = await mkdtemp(join(tmpdir(), 'fairlead-gateway-'));
  const proxy = await startFaultProxy(api.url, api.caPem);
  // What it needs to watch is less than what it needs to list and watch, as it does with older servers.
  proxy.refuseStreams();
  const { token } = await api.issueServiceAccountToken({
    namespace: systemNamespace,
    name: 'fairlead-gateway',
  });
  const { cert, key, ca } = await tlsOf(client, systemNamespace, 'fairlead-gateway-tls');
  const kubeconfig = makeKubeconfig(proxy.url, token);
  const files = { kubeconfig: JSON.stringify(kubeconfig), 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o600 });
  // Each gateway has an address of its own, so that fixed ports never collide.
  const host = `127.89.${process.pid % 250}.1`;
  const config = {
    host,
    port: 8080,
    kubeconfig: join(dir, 'kubeconfig'),
    tlsDir: dir,
    drainMs: 0,
    shutdownGraceMs: 0,
  };
  await writeFile(join(dir, 'config.json'), JSON.stringify(config));
  const gateway = spawn(
    process.execPath,
    ['proxy/gateway/main.ts', 'gateway', '--config', join(dir, 'config.json')],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return {
    url: `http://${host}:8080`,
    requests: () => [...proxy.seen, ...proxy.watches],
    stop: async () => {
      gateway.kill('SIGTERM');
      if (gateway.exitCode === null) await once(gateway, 'exit');
      await proxy.stop();
      await rm(dir, { recursive: true });
    },
  };
}

/** Returns a kubeconfig of a server without TLS, which credentials go to only where that is said. */
export const makeKubeconfig = (server: string, token: string): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'gateway', user: { token } }],
  contexts: [{ name: 'test', context: { cluster: 'test', user: 'gateway' } }],
  'current-context': 'test',
});
