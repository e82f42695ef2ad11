/** Owns an api in tests: the process that ships, with the rights of its ServiceAccount, behind a proxy that sees what it asks. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secrets } from '../../../kube/kinds.ts';
import type { SeenRequest } from './fault-proxy.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { makeKubeconfig } from './gateway.ts';
import { tlsOf } from './proxies.ts';
import { until } from './until.ts';
import { systemNamespace } from './world.ts';
import type { World } from './world.ts';

export interface RunningApi {
  readonly url: string;
  /** What it has asked of the API server. */
  requests(): readonly SeenRequest[];
  /** Posts a form as a gateway does; undefined: it does not answer (yet). */
  ask(path: string, form: string): Promise<{ status: number; body: string } | undefined>;
  stop(): Promise<void>;
}

/** Starts an api once the operator has made its certificate and keys. */
export async function startApiProcess({ api, client }: World): Promise<RunningApi> {
  const dir = await mkdtemp(join(tmpdir(), 'fairlead-api-'));
  const proxy = await startFaultProxy(api.url, api.caPem);
  // What it needs to watch is less than what it needs to list and watch, as it does with older servers.
  proxy.refuseStreams();
  const { token } = await api.issueServiceAccountToken({ namespace: systemNamespace, name: 'fairlead-api' });
  const { cert, key, ca } = await tlsOf(client, systemNamespace, 'fairlead-api-tls');
  const keys = await until('there are keys', () =>
    client.find(secrets, { name: 'fairlead-data-plane-keys', namespace: systemNamespace }),
  );
  const read = (name: string): string => Buffer.from(keys.data?.[name] ?? '', 'base64').toString();
  // Each api has an address of its own, so that fixed ports never collide.
  const host = `127.90.${process.pid % 250}.1`;
  const config = { host, kubeconfig: join(dir, 'kubeconfig'), tlsDir: dir, keysDir: dir, drainMs: 0 };
  const files = {
    kubeconfig: JSON.stringify(makeKubeconfig(proxy.url, token)),
    'tls.crt': cert,
    'tls.key': key,
    'ca.crt': ca,
    'signing.json': read('signing.json'),
    'jwks.json': read('jwks.json'),
    'config.json': JSON.stringify(config),
  };
  for (const [name, content] of Object.entries(files))
    await writeFile(join(dir, name), content, { mode: 0o600 });
  const child = spawn(process.execPath, ['api/main.ts', 'api', '--config', join(dir, 'config.json')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const gateway = await tlsOf(client, systemNamespace, 'fairlead-gateway-tls');
  return {
    url: `https://${host}:8443`,
    requests: () => [...proxy.seen, ...proxy.watches],
    ask: (path, form) =>
      new Promise((resolve) => {
        const sent = request(
          `https://${host}:8443${path}`,
          {
            ...gateway,
            method: 'POST',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            agent: false,
            checkServerIdentity: () => undefined,
          },
          (response) => {
            void text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }));
          },
        );
        sent.once('error', () => resolve(undefined)).end(form);
      }),
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await proxy.stop();
      await rm(dir, { recursive: true });
    },
  };
}
