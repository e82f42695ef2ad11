/** Owns Fairlead's own processes under measurement: a Kubernetes API on loopback, the gateway, and a sidecar. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { issueCertificate } from '../../../platform/tls/authority.ts';
import type { SidecarConfig } from '../../../core/sidecar-config.ts';
import { sidecarNodeOptions } from '../../../operator/serving-endpoint/resources/make-sidecar-container.ts';
import { aWineEndpoint, startClusterFixture } from '../../../proxy/testing/cluster-fixture.ts';
import type { ClusterFixture } from '../../../proxy/testing/cluster-fixture.ts';
import {
  gatewayIdentity,
  makePki,
  operatorIdentity,
  wineIdentity,
} from '../../../proxy/testing/pki-fixture.ts';
import type { Pki } from '../../../proxy/testing/pki-fixture.ts';
import { token } from './load.ts';
import { startMeasured } from '../measured-process.ts';
import type { MeasuredProcess } from '../measured-process.ts';

export const deployment = 'wine-0123456789';
export const winePath = '/namespaces/team-a/serving-endpoints/wine/invocations';
const dist = join(import.meta.dirname, '../../../dist');

export interface BenchCluster {
  readonly cluster: ClusterFixture;
  readonly pki: Pki;
  /** Directories of tls.crt, tls.key and ca.crt. */
  readonly gatewayTls: string;
  readonly sidecarTls: string;
  readonly directory: string;
  stop(): Promise<void>;
}

/** Starts the API with the endpoint `team-a/wine`, limited so that every policy has work and nobody is refused. */
export async function startBenchCluster(directory: string): Promise<BenchCluster> {
  const pki = await makePki();
  const server = await issueCertificate(pki.authority, {
    commonName: 'kubernetes',
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
    now: Date.now(),
    validMs: 3_600_000,
  });
  const cluster = await startClusterFixture({ cert: server.certificatePem, key: server.privateKeyPem });
  cluster.tokens.set(token, { username: 'alice', groups: ['tasters'] });
  cluster.setEndpoint(
    aWineEndpoint((endpoint) => ({ ...endpoint, spec: { ...endpoint.spec, rateLimits: generousLimits } })),
  );
  return {
    cluster,
    pki,
    gatewayTls: await pki.directory(gatewayIdentity),
    sidecarTls: await pki.directory(wineIdentity),
    directory,
    stop: async () => {
      await cluster.stop();
      await pki.removeDirectories();
    },
  };
}

const generousLimits: SidecarConfig['rateLimits'] = [
  { key: 'endpoint', calls: 1_000_000_000, renewalPeriod: 'minute' },
  { key: 'user', calls: 1_000_000_000, renewalPeriod: 'minute' },
];

export async function startGatewayProcess(bench: BenchCluster, port: number): Promise<MeasuredProcess> {
  const serviceAccount = join(bench.directory, 'service-account');
  mkdirSync(serviceAccount, { recursive: true });
  writeFileSync(join(serviceAccount, 'token'), 'gateway-token');
  writeFileSync(join(serviceAccount, 'namespace'), 'fairlead-system');
  writeFileSync(join(serviceAccount, 'ca.crt'), bench.pki.authority.certificatePem);
  const api = new URL(bench.cluster.api.url);
  const flags = {
    host: '127.0.0.1',
    port,
    'admin-port': await freePort(),
    'tls-dir': bench.gatewayTls,
    'service-account-dir': serviceAccount,
    'demand-url': 'https://127.0.0.1:1/v1/demand',
    'drain-ms': 0,
    'shutdown-grace-ms': 500,
  };
  return startMeasured(['node', join(dist, 'fairlead.js'), 'gateway', ...flagsOf(flags)], {
    port,
    env: {
      KUBERNETES_SERVICE_HOST: api.hostname,
      KUBERNETES_SERVICE_PORT: api.port,
    },
  });
}

/** All policies on; the limit on concurrency is that of the load, so that it counts and never refuses. */
export async function startSidecarProcess(
  bench: BenchCluster,
  port: number,
  modelPort: number,
): Promise<MeasuredProcess> {
  const config: SidecarConfig = {
    endpoint: { namespace: 'team-a', name: 'wine', uid: 'u-1' },
    servedEntity: 'wine-1',
    deployment,
    modelServer: {
      host: '127.0.0.1',
      port: modelPort,
      healthPath: '/health',
      livenessPath: '/ping',
      invocationsPath: '/invocations',
    },
    concurrency: { limit: 32, queue: 320, queueTimeoutMs: 10_000 },
    rateLimits: generousLimits,
    appliesLimits: false,
    maxBodyBytes: 16 * 1024 * 1024,
    timeouts: { connectMs: 1_000, firstByteMs: 30_000, idleMs: 30_000, totalMs: 60_000 },
    peers: { trustedForwarders: [gatewayIdentity] },
    demand: { url: 'https://127.0.0.1:1/v1/demand', identity: operatorIdentity, intervalMs: 1_000 },
    drain: { quietMs: 0, maxMs: 500 },
  };
  const path = join(bench.directory, `sidecar-${port}.json`);
  writeFileSync(path, JSON.stringify(config));
  const flags = {
    host: '127.0.0.1',
    port,
    'admin-port': await freePort(),
    'tls-dir': bench.sidecarTls,
    'sidecar-config': path,
  };
  return startMeasured(['node', join(dist, 'fairlead.js'), 'sidecar', ...flagsOf(flags)], {
    port,
    env: { NODE_OPTIONS: sidecarNodeOptions },
  });
}

function flagsOf(flags: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

/** Returns a port that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
