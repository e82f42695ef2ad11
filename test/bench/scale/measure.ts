/**
 * Owns the measurement of the suite `scale`, as a process in the network of the control plane:
 * `node measure.ts <controlplane> <folder> <endpoints>` writes the figures to its standard output as JSON.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startControlPlane } from '../../../e2e/controlplane/start.ts';
import { makeKubeClient } from '../../../kube/client.ts';
import type { KubeClient } from '../../../kube/client.ts';
import * as kinds from '../../../kube/kinds.ts';
import { loadKubeconfigAccess } from '../../../kube/kubeconfig.ts';
import { KubeTransport } from '../../../kube/transport.ts';
import { makeLogger } from '../../../platform/logging.ts';
import { applyManifests } from '../../../quickstart/cluster/apply.ts';
import { readManifests } from '../../../quickstart/cluster/manifests.ts';
import { endWithSignalsAndParent, Lifetime } from '../../../quickstart/processes/lifetime.ts';
import { repository } from '../../../quickstart/settings.ts';
import { countWrites, writesBetween } from './api-writes.ts';
import type { ScaleFigures } from './figures.ts';
import { startOperatorProcess } from './operator-process.ts';
import { startPlayedNode } from './played-node.ts';
import { makePopulation } from './population.ts';

const quietMs = 60_000;

const [program = '', dir = '', count = ''] = process.argv.slice(2);
const lifetime = new Lifetime(10_000);
endWithSignalsAndParent(lifetime);
try {
  const { kubeconfig } = await startControlPlane({
    program,
    dir,
    logFile: (component) => join(dir, `${component}.log`),
    lifetime,
    apiOnly: true,
  });
  const transport = new KubeTransport({
    access: loadKubeconfigAccess(kubeconfig),
    userAgent: 'fairlead-bench',
  });
  lifetime.add({ name: 'connection', stop: () => transport.close(), force: () => undefined });
  const bringUp = await bringUpOf(transport, kubeconfig, Number(count));
  const figures: ScaleFigures = {
    endpoints: Number(count),
    ...bringUp,
    ...(await resyncOf(transport, kubeconfig, Number(count))),
  };
  process.stdout.write(JSON.stringify(figures));
} finally {
  await lifetime.end();
}

type BringUp = Pick<ScaleFigures, 'bringUpMs' | 'bringUpPeakMiB' | 'bringUpRestarts'>;

async function bringUpOf(transport: KubeTransport, kubeconfig: string, endpoints: number): Promise<BringUp> {
  const client = makeKubeClient(transport);
  await applyManifests(client, readManifests(join(repository, 'crds')));
  // With the metrics API registered HPAs are made, as in every proper installation.
  const needed: ReadonlySet<string | undefined> = new Set([
    'Namespace',
    'ClusterServingRuntime',
    'Service',
    'APIService',
  ]);
  const install = readManifests(join(repository, 'config'));
  await applyManifests(
    client,
    install.filter(({ kind }) => needed.has(kind)),
  );
  const operator = await startOperatorProcess(kubeconfig);
  const log = makeLogger({ process: 'bench', level: 'warn' });
  const node = startPlayedNode({ transport, client, log });
  const beganAt = performance.now();
  await makePopulation(client, endpoints);
  await untilAllReady(client, endpoints);
  await operator.quiet();
  const figures = {
    bringUpMs: performance.now() - beganAt,
    bringUpPeakMiB: operator.peakResidentMiB(),
    bringUpRestarts: operator.restarts(),
  };
  await node.stop();
  await operator.stop();
  return figures;
}

async function untilAllReady(client: KubeClient, endpoints: number): Promise<void> {
  for (;;) {
    const { items } = await client.list(kinds.servingEndpoints);
    const ready = items.filter(({ status }) => status?.ready === 'True' && status.pending === undefined);
    console.error(`bench: ${ready.length} of ${endpoints} endpoints are Ready`);
    if (ready.length === endpoints) return;
    await sleep(10_000);
  }
}

async function resyncOf(
  transport: KubeTransport,
  kubeconfig: string,
  endpoints: number,
): Promise<Omit<ScaleFigures, 'endpoints' | keyof BringUp>> {
  const before = await countWrites(transport);
  const operator = await startOperatorProcess(kubeconfig);
  const resyncMs = await operator.settled(endpoints);
  const resyncCpu = operator.cpuMicroseconds();
  await sleep(quietMs);
  const figures = {
    resyncMs,
    resyncCpuMs: resyncCpu / 1_000,
    writes: writesBetween(before, await countWrites(transport)),
    quietMs,
    idleCpuShare: (operator.cpuMicroseconds() - resyncCpu) / (quietMs * 1_000),
    residentMiB: operator.residentMiB(),
    peakMiB: operator.peakResidentMiB(),
  };
  if (operator.restarts() > 0) throw new Error('the operator ended while it was measured');
  await operator.stop();
  return figures;
}
