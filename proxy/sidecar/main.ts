/** Owns the sidecar process: configuration → ports and pipeline → shutdown. */
import { sidecarConfigSchema } from '../../core/sidecar-config.ts';
import { systemClock } from '../../platform/clock.ts';
import { compactHeap } from '../../platform/compact-heap.ts';
import { loadConfig } from '../../platform/config.ts';
import { messageOf } from '../../platform/errors.ts';
import { setHeapGrowth } from '../../platform/heap-growth.ts';
import { makeLogger } from '../../platform/logging.ts';
import { makeRegistry } from '../../platform/metrics.ts';
import { onShutdown } from '../../platform/shutdown.ts';
import { watchFiles } from '../../platform/watched-file.ts';
import { watchTlsMaterial } from '../../platform/tls/tls-material.ts';
import { sidecarProcessSchema } from './config.ts';
import { startSidecar } from './sidecar.ts';

/** Eight megabytes more under full load, and a fifth less CPU time (test/bench). */
const heapGrowthPercent = 200;

/** More than the greatest drain, so that the deadline only ends what hangs. */
const shutdownMarginMs = 15_000;

async function main(): Promise<void> {
  setHeapGrowth(heapGrowthPercent);
  const settings = loadConfig(sidecarProcessSchema, { argv: process.argv.slice(3), env: process.env });
  const log = makeLogger({ process: 'sidecar', level: settings.logLevel });
  const config = await watchFiles({
    paths: [settings.sidecarConfig],
    parse: ([text = '']) => {
      const parsed = sidecarConfigSchema.parse(JSON.parse(text));
      const host = settings.modelHost ?? parsed.modelServer.host;
      return { ...parsed, modelServer: { ...parsed.modelServer, host } };
    },
    log,
  });
  const tls = await watchTlsMaterial(settings.tlsDir, log);
  const host = settings.host ?? process.env['POD_IP'] ?? '0.0.0.0';
  const sidecar = await startSidecar({
    data: { host, port: settings.port },
    admin: { host, port: settings.adminPort },
    config,
    tls,
    fetchProgress: settings.fetchProgress,
    rows: settings,
    podName: process.env['POD_NAME'] ?? config.current.deployment,
    clock: systemClock,
    registry: makeRegistry(),
    log,
  });
  log.info({ data: sidecar.data, admin: sidecar.admin }, 'sidecar started');
  compactHeap();
  onShutdown({
    log,
    deadlineMs: config.current.drain.maxMs + shutdownMarginMs,
    steps: [
      { name: 'drain', run: () => sidecar.drain() },
      { name: 'close', run: () => sidecar.stop() },
      { name: 'files', run: () => [config, tls].forEach((file) => file.stop()) },
    ],
  });
}

main().catch((error: unknown) => {
  makeLogger({ process: 'sidecar', level: 'info' }).fatal({ error, cause: messageOf(error) }, 'cannot start');
  process.exit(1);
});
