/** Owns the operator process: configuration → Kubernetes → election → leading and serving → shutdown. */
import { DemandBook } from '../core/scaling/demand-book.ts';
import { loadClusterAccess } from '../kube/access.ts';
import { makeKubeClient } from '../kube/client.ts';
import { startEventRecorder } from '../kube/events.ts';
import { makeKubeMetrics } from '../kube/kube-metrics.ts';
import { startLeaderElection } from '../kube/leader-election.ts';
import { KubeTransport } from '../kube/transport.ts';
import { startAdminServer } from '../platform/admin-server.ts';
import { systemClock } from '../platform/clock.ts';
import { loadConfig } from '../platform/config.ts';
import { messageOf } from '../platform/errors.ts';
import { Health } from '../platform/health.ts';
import { makeLogger } from '../platform/logging.ts';
import { makeRegistry } from '../platform/metrics.ts';
import { onShutdown } from '../platform/shutdown.ts';
import { followOperatorTls } from './certificates/operator-tls.ts';
import { operatorConfigSchema } from './config.ts';
import { leaderAddressOf, leaderIdentityOf } from './leader-address.ts';
import { startLeading } from './leading.ts';
import { startServing } from './serving.ts';
import { allInformers, startInformers } from './stores.ts';

async function main(): Promise<void> {
  const { env } = process;
  const config = loadConfig(operatorConfigSchema, { argv: process.argv.slice(3), env });
  const log = makeLogger({ process: 'operator', level: config.logLevel });
  const registry = makeRegistry();
  const metrics = makeKubeMetrics(registry);
  const clock = systemClock;
  const { kubeconfig, serviceAccountDir, systemNamespace } = config;

  const access = await loadClusterAccess({ kubeconfig, serviceAccountDir, env, log });
  const transport = new KubeTransport({ access, userAgent: 'fairlead-operator', metrics });
  const informers = startInformers({ transport, log, metrics });
  const tls = followOperatorTls(informers.secrets, systemNamespace);
  const { stableWindow, burstWindow, reportExpiry } = config.scaling;
  const book = new DemandBook({
    stableWindowMs: stableWindow,
    burstWindowMs: burstWindow,
    expiryMs: reportExpiry,
  });

  let leading: { stop(): Promise<void> } | undefined;
  const election = startLeaderElection({
    client: makeKubeClient(transport),
    namespace: systemNamespace,
    name: 'fairlead-operator',
    identity: leaderIdentityOf(config.podName, config.podIp, config.demandPort),
    log,
    metrics,
    onStarted: () => {
      leading = startLeading({ config, client, informers, book, events, clock, log, metrics });
    },
    onLost: (reason) => stop(`leadership lost: ${reason}`, 1),
  });
  const client = makeKubeClient(transport, { guard: election.assertLeader });
  const events = startEventRecorder({
    client,
    reportingController: 'serving.fairlead.dev/operator',
    reportingInstance: config.podName,
    log,
    metrics,
  });

  const health = new Health();
  let serving: { stop(): Promise<void> } | undefined;
  health.addReadinessCheck('servers', () => (serving === undefined ? 'not listening yet' : undefined));
  health.addReadinessCheck('stores', () =>
    allInformers(informers).every((informer) => informer.hasSynced()) ? undefined : 'not complete yet',
  );
  const admin = await startAdminServer({
    address: { host: config.bindHost, port: config.adminPort },
    health,
    registry,
  });
  const stop = onShutdown({
    log,
    deadlineMs: config.shutdownGrace,
    steps: [
      { name: 'unready', run: () => health.startStopping() },
      { name: 'leading', run: () => leading?.stop() },
      { name: 'servers', run: () => serving?.stop() },
      { name: 'events', run: () => events.stop() },
      { name: 'watches', run: () => Promise.all(allInformers(informers).map((one) => one.stop())).then() },
      { name: 'election', run: () => election.stop() },
      { name: 'kubernetes', run: () => transport.close() },
      { name: 'admin', run: () => admin.stop() },
    ],
  });
  log.info({ admin: admin.address }, 'operator started');
  startServing({
    config,
    transport,
    informers,
    tls,
    book,
    isLeader: () => election.isLeader(),
    leaderAddress: () => leaderAddressOf(election.leaderIdentity()),
    clock,
    log,
    metrics,
  }).then(
    (started) => {
      serving = started;
    },
    (error: unknown) => {
      log.fatal({ cause: messageOf(error) }, 'servers could not be started');
      stop('servers could not be started', 1);
    },
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`fairlead operator: ${messageOf(error)}\n`);
  process.exitCode = 1;
});
