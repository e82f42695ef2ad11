/** Owns the api process: configuration → Kubernetes → ports and application → shutdown. */
import { loadClusterAccess } from '../kube/access.ts';
import { makeKubeClient } from '../kube/client.ts';
import { startInformer } from '../kube/informer.ts';
import { servingEndpoints } from '../kube/kinds.ts';
import { makeKubeMetrics } from '../kube/kube-metrics.ts';
import { KubeTransport } from '../kube/transport.ts';
import { systemClock } from '../platform/clock.ts';
import { loadConfig } from '../platform/config.ts';
import { messageOf } from '../platform/errors.ts';
import { makeLogger } from '../platform/logging.ts';
import { makeRegistry } from '../platform/metrics.ts';
import { onShutdown } from '../platform/shutdown.ts';
import { watchTlsMaterial } from '../platform/tls/tls-material.ts';
import { endpointIdsOf, endpointIndex, startApi } from './api.ts';
import { apiConfigSchema } from './config.ts';
import { watchDataPlaneKeys } from './oidc/data-plane-keys.ts';

/** Added to what draining and closing may take. */
const shutdownMarginMs = 10_000;

async function main(): Promise<void> {
  const { env } = process;
  const config = loadConfig(apiConfigSchema, { argv: process.argv.slice(3), env });
  const log = makeLogger({ process: 'api', level: config.logLevel });
  const registry = makeRegistry();
  const metrics = makeKubeMetrics(registry);
  const tls = await watchTlsMaterial(config.tlsDir, log);
  const keys = await watchDataPlaneKeys(config.keysDir, log);
  const { kubeconfig, serviceAccountDir } = config;
  const access = await loadClusterAccess({ kubeconfig, serviceAccountDir, env, log });
  const transport = new KubeTransport({ access, userAgent: 'fairlead-api', metrics });
  const endpoints = startInformer({
    transport,
    kind: servingEndpoints,
    indexes: { [endpointIndex]: endpointIdsOf },
    log,
    metrics,
  });
  const client = makeKubeClient(transport);
  const api = await startApi({ config, client, endpoints, tls, keys, clock: systemClock, registry, log });
  log.info({ address: api.address, admin: api.admin }, 'api started');
  onShutdown({
    log,
    deadlineMs: config.drainMs + config.shutdownGraceMs + shutdownMarginMs,
    steps: [
      { name: 'drain', run: () => api.drain() },
      { name: 'close', run: () => api.stop() },
      { name: 'watches', run: () => endpoints.stop() },
      { name: 'kubernetes', run: () => transport.close() },
      { name: 'files', run: () => [tls, keys].forEach((file) => file.stop()) },
    ],
  });
}

main().catch((error: unknown) => {
  makeLogger({ process: 'api', level: 'info' }).fatal({ error, cause: messageOf(error) }, 'cannot start');
  process.exit(1);
});
