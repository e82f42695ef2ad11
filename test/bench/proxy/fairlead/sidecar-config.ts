/** Owns the configuration of a sidecar under measurement: all policies on, none of them in the way. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SidecarConfig } from '../../../../core/sidecar-config.ts';
import { gatewayIdentity, operatorIdentity } from '../../../../proxy/testing/pki-fixture.ts';
import { deployment, generousLimits, namespace } from './bench-cluster.ts';

/** A limit on concurrency as great as the load's: it counts and never refuses. */
const concurrencyOfLoad = 32;

/** Writes the file of a sidecar in front of `modelPort` and returns its path. */
export function writeSidecarConfig(
  directory: string,
  modelPort: number,
  concurrency = concurrencyOfLoad,
): string {
  const config: SidecarConfig = {
    endpoint: { namespace, name: 'wine', uid: 'u-1' },
    servedEntity: 'wine-1',
    deployment,
    modelServer: {
      host: '127.0.0.1',
      port: modelPort,
      healthPath: '/health',
      livenessPath: '/ping',
      invocationsPath: '/invocations',
    },
    concurrency: { limit: concurrency, queue: 320, queueTimeoutMs: 10_000 },
    rateLimits: generousLimits,
    maxBodyBytes: 16 * 1024 * 1024,
    timeouts: { connectMs: 1_000, firstByteMs: 30_000, idleMs: 120_000, totalMs: 297_000 },
    peers: { trustedForwarders: [gatewayIdentity] },
    demand: { url: 'https://127.0.0.1:1/v1/demand', identity: operatorIdentity, intervalMs: 1_000 },
    drain: { quietMs: 0, maxMs: 500 },
  };
  const path = join(directory, `sidecar-${modelPort}-${concurrency}.json`);
  writeFileSync(path, JSON.stringify(config));
  return path;
}
