/** Owns the operator process: configuration → Kubernetes → administration → operator → shutdown. */
import { loadClusterAccess } from '../kube/access.ts';
import { makeKubeMetrics } from '../kube/kube-metrics.ts';
import { KubeTransport } from '../kube/transport.ts';
import { startAdminServer } from '../platform/admin-server.ts';
import { systemClock } from '../platform/clock.ts';
import { loadConfig } from '../platform/config.ts';
import { messageOf } from '../platform/errors.ts';
import { Health } from '../platform/health.ts';
import { makeLogger } from '../platform/logging.ts';
import { makeRegistry } from '../platform/metrics.ts';
import { onShutdown } from '../platform/shutdown.ts';
import { operatorConfigSchema } from './config/operator-config.ts';
import { startOperator } from './operator.ts';

async function main(): Promise<void> {
  const { env } = process;
  const config = loadConfig(operatorConfigSchema, { argv: process.argv.slice(3), env });
  const log = makeLogger({ process: 'operator', level: config.logLevel });
  const registry = makeRegistry();
  const metrics = makeKubeMetrics(registry);
  const health = new Health();
  const { kubeconfig, serviceAccountDir, bindHost, adminPort } = config;

  const access = await loadClusterAccess({ kubeconfig, serviceAccountDir, env, log });
  const transport = new KubeTransport({ access, userAgent: 'fairlead-operator', metrics });
  const admin = await startAdminServer({ address: { host: bindHost, port: adminPort }, health, registry });
  const operator = startOperator({
    config,
    transport,
    health,
    metrics,
    registry,
    clock: systemClock,
    log,
    onFailure: (reason) => stop(reason, 1),
  });
  const stop = onShutdown({
    log,
    deadlineMs: config.shutdownGrace,
    steps: [
      { name: 'unready', run: () => health.startStopping() },
      { name: 'operator', run: () => operator.stop() },
      { name: 'kubernetes', run: () => transport.close() },
      { name: 'administration', run: () => admin.stop() },
    ],
  });
  log.info({ admin: admin.address }, 'operator started');
}

main().catch((error: unknown) => {
  makeLogger({ process: 'operator', level: 'info' }).fatal({ cause: messageOf(error) }, 'cannot start');
  process.exit(1);
});
