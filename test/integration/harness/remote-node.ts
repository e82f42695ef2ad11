/** Owns a node that joins the embedded API server over the network, through a proxy that fails what a test picks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from '../../../devcluster/apiserver/server.ts';
import type { ApiServer } from '../../../devcluster/apiserver/server.ts';
import type { LocalClient } from '../../../devcluster/apiserver/client/local-client.ts';
import type { Container, Pod, PodSpec } from '../../../devcluster/controllers/objects/kinds.ts';
import { startNode } from '../../../e2e/node/start-node.ts';
import { makeLogger } from '../../../platform/logging.ts';
import { issueCertificate, makeAuthority } from '../../../platform/tls/authority.ts';
import type { KeyPair } from '../../../platform/tls/authority.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { until } from './until.ts';

export const nodeName = 'far';

export interface RemoteNode {
  readonly proxy: FaultProxy;
  readonly client: LocalClient;
  /** Signed both sides of the connection to the node's own API. */
  readonly authority: KeyPair;
  /** Starts the node, again if need be; it reaches the API server through the proxy, or straight over HTTPS. */
  start(way?: 'proxy' | 'straight'): Promise<void>;
  /** Ends the node's processes; its directory stays. */
  stop(): Promise<void>;
  /** Ends the API server and starts it again at the same address, with the same objects. */
  restartApi(): Promise<void>;
  run(name: string, spec: Partial<PodSpec> & { containers: Container[] }): Pod;
  pod(name: string): Pod | undefined;
  ready(name: string): Promise<Pod>;
  gone(name: string): Promise<unknown>;
  destroy(): Promise<void>;
}

const log = makeLogger({
  process: 'test',
  level: process.env['TEST_LOG'] === undefined ? 'silent' : 'debug',
});

/** Starts the API server; the node is started by `start`. */
export async function makeRemoteNode(): Promise<RemoteNode> {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-remote-node-'));
  const startApi = (port: number): Promise<ApiServer> =>
    startApiServer({ stateDir: join(directory, 'api'), address: { host: '127.0.0.1', port }, log });
  let api = await startApi(0);
  const proxy = await startFaultProxy(api.url, api.caPem);
  const authority = await makeTestAuthority();
  let node: { stop(): Promise<void> } | undefined;
  const pods = () => api.localClient('test').resource<Pod>('v1', 'Pod');
  const pod = (name: string): Pod | undefined => pods().get(name, 'default');
  const stop = async (): Promise<void> => {
    await node?.stop();
    node = undefined;
  };
  return {
    proxy,
    authority,
    get client() {
      return api.localClient('test');
    },
    start: async (way = 'proxy') => {
      node = await joinAs(directory, api, { url: way === 'proxy' ? proxy.url : api.url, authority });
    },
    stop,
    restartApi: async () => {
      await api.stop();
      api = await startApi(api.address.port);
    },
    run: (name, spec) =>
      pods().create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default' },
        // There is no scheduler.
        spec: { nodeName, terminationGracePeriodSeconds: 2, ...spec },
      }),
    pod,
    ready: (name) =>
      until(`${name} is ready`, () => {
        const found = pod(name);
        const ready = found?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
        return ready === 'True' && found;
      }),
    gone: (name) => until(`${name} is gone`, () => pod(name) === undefined),
    destroy: async () => {
      await stop();
      await proxy.stop();
      await api.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function joinAs(
  directory: string,
  api: ApiServer,
  { url, authority }: { readonly url: string; readonly authority: KeyPair },
): Promise<{ stop(): Promise<void> }> {
  const credentials = {
    tls: { ca: api.caPem },
    headers: { authorization: `Bearer ${api.adminToken}` },
  };
  return makeServingPair(authority).then((certificate) =>
    startNode({
      access: {
        baseUrl: url,
        defaultNamespace: 'default',
        credentials: () => Promise.resolve(credentials),
        invalidate: () => undefined,
      },
      name: nodeName,
      nodeAddress: '127.0.0.1',
      podAddresses: `127.${67 + (process.pid % 20)}.0.0/24`,
      stateDir: join(directory, 'node'),
      logsDir: join(directory, 'logs'),
      images: { shell: { entrypoint: ['/bin/sh', '-c'], args: [], executables: {}, env: {} } },
      log,
      kubelet: { port: 0, certificate, clientAuthorityPem: authority.certificatePem },
      crashBackOffInitialMs: 300,
      stopDeadlineMs: 5_000,
      syncDeadlineMs: 10_000,
    }),
  );
}

const hourMs = 3_600_000;

const makeTestAuthority = (): Promise<KeyPair> =>
  makeAuthority({ commonName: 'test', now: Date.now(), validMs: hourMs });

const makeServingPair = (authority: KeyPair): Promise<KeyPair> =>
  issueCertificate(authority, {
    commonName: `system:node:${nodeName}`,
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
    now: Date.now(),
    validMs: hourMs,
  });

/** Returns what the API server shows to the node. */
export const makeClientPair = (authority: KeyPair): Promise<KeyPair> =>
  issueCertificate(authority, {
    commonName: 'kube-apiserver',
    usages: ['client'],
    now: Date.now(),
    validMs: hourMs,
  });
