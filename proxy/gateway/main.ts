/** Owns the gateway process: configuration → Kubernetes → ports and pipeline → shutdown. */
import { loadClusterAccess } from '../../kube/access.ts';
import { makeKubeClient } from '../../kube/client.ts';
import { startInformer } from '../../kube/informer.ts';
import { endpointSlices, servingEndpoints } from '../../kube/kinds.ts';
import { makeKubeMetrics } from '../../kube/kube-metrics.ts';
import { KubeTransport } from '../../kube/transport.ts';
import { systemClock } from '../../platform/clock.ts';
import { loadConfig } from '../../platform/config.ts';
import { messageOf } from '../../platform/errors.ts';
import { setHeapGrowth } from '../../platform/heap-growth.ts';
import { makeLogger } from '../../platform/logging.ts';
import type { Logger } from '../../platform/logging.ts';
import { makeRegistry } from '../../platform/metrics.ts';
import { onShutdown } from '../../platform/shutdown.ts';
import { watchServerCertificate, watchTlsMaterial } from '../../platform/tls/tls-material.ts';
import { watchDataPlaneKeys } from '../direct/data-plane-authority.ts';
import { gatewayConfigSchema } from './config.ts';
import type { GatewayConfig } from './config.ts';
import { startGateway } from './gateway.ts';
import type { DirectFiles } from './gateway.ts';
import { serviceIndex, serviceKeysOf, serviceNameLabel } from './target-directory.ts';

/** Less memory under full load, not more, with the young part of the heap bounded as the chart does; see test/bench. */
const heapGrowthPercent = 200;

/** Added to what draining and closing may take. */
const shutdownMarginMs = 10_000;

async function main(): Promise<void> {
  setHeapGrowth(heapGrowthPercent);
  const { env } = process;
  const config = loadConfig(gatewayConfigSchema, { argv: process.argv.slice(3), env });
  const log = makeLogger({ process: 'gateway', level: config.logLevel });
  const registry = makeRegistry();
  const metrics = makeKubeMetrics(registry);
  const tls = await watchTlsMaterial(config.tlsDir, log);
  const frontTls = config.tls ? await watchServerCertificate(config.frontTlsDir, log) : undefined;
  const direct = config.direct ? await watchDirectFiles(config, log) : undefined;
  const { kubeconfig, serviceAccountDir } = config;
  const access = await loadClusterAccess({ kubeconfig, serviceAccountDir, env, log });
  const transport = new KubeTransport({ access, userAgent: 'fairlead-gateway', metrics });
  const endpoints = startInformer({ transport, kind: servingEndpoints, log, metrics });
  const slices = startInformer({
    transport,
    kind: endpointSlices,
    labelSelector: serviceNameLabel,
    indexes: { [serviceIndex]: serviceKeysOf },
    log,
    metrics,
  });
  const gateway = await startGateway({
    config,
    client: makeKubeClient(transport),
    endpoints,
    slices,
    tls,
    frontTls,
    direct,
    podName: env['POD_NAME'] ?? 'fairlead-gateway',
    clock: systemClock,
    registry,
    log,
  });
  const { address, tlsAddress, directAddress, admin } = gateway;
  log.info({ address, tlsAddress, directAddress, admin }, 'gateway started');
  onShutdown({
    log,
    deadlineMs: config.drainMs + config.shutdownGraceMs + shutdownMarginMs,
    steps: [
      { name: 'drain', run: () => gateway.drain() },
      { name: 'close', run: () => gateway.stop() },
      { name: 'watches', run: () => Promise.all([endpoints.stop(), slices.stop()]).then(() => undefined) },
      { name: 'kubernetes', run: () => transport.close() },
      {
        name: 'files',
        run: () => [tls, frontTls, direct?.tls, direct?.keys].forEach((file) => file?.stop()),
      },
    ],
  });
}

const watchDirectFiles = async (config: GatewayConfig, log: Logger): Promise<DirectFiles> => ({
  tls: await watchTlsMaterial(config.directTlsDir, log),
  keys: await watchDataPlaneKeys(config.dataPlaneKeysFile, log),
});

main().catch((error: unknown) => {
  makeLogger({ process: 'gateway', level: 'info' }).fatal({ error, cause: messageOf(error) }, 'cannot start');
  process.exit(1);
});
