/** Owns the Kubernetes API that the gateway under measurement sees, and the certificates of everybody in the run. */
import type { SidecarConfig } from '../../../../core/sidecar-config.ts';
import { issueCertificate } from '../../../../platform/tls/authority.ts';
import { aWineEndpoint, startClusterFixture } from '../../../../proxy/testing/cluster-fixture.ts';
import type { ClusterFixture } from '../../../../proxy/testing/cluster-fixture.ts';
import { gatewayIdentity, makePki, wineIdentity } from '../../../../proxy/testing/pki-fixture.ts';
import type { Pki } from '../../../../proxy/testing/pki-fixture.ts';
import { token } from '../load/request.ts';

export const namespace = 'team-a';
export const deployment = 'wine-0123456789';
export const winePath = `/namespaces/${namespace}/serving-endpoints/wine/invocations`;

export interface BenchCluster {
  readonly cluster: ClusterFixture;
  readonly pki: Pki;
  /** Directories of tls.crt, tls.key and ca.crt. */
  readonly gatewayTls: string;
  readonly sidecarTls: string;
  stop(): Promise<void>;
}

/** So that limits have work and nobody is refused. */
export const generousLimits: SidecarConfig['rateLimits'] = [
  { key: 'endpoint', calls: 1_000_000_000, renewalPeriod: 'minute' },
  { key: 'user', calls: 1_000_000_000, renewalPeriod: 'minute' },
];

/** Starts the API with the endpoint `team-a/wine`, whose Deployment has no pods yet. */
export async function startBenchCluster(): Promise<BenchCluster> {
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
    stop: async () => {
      await cluster.stop();
      await pki.removeDirectories();
    },
  };
}
