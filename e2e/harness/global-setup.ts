/** Owns the one cluster that all journeys of a run share: an embedded one with its own folder, ports and models. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { connect } from '../../quickstart/cluster/connect.ts';
import { startCluster } from '../../quickstart/cluster/devcluster-process.ts';
import { installFairlead } from '../../quickstart/cluster/install.ts';
import { makeHome } from '../../quickstart/home.ts';
import { pythonEnvironment, trackingUriOf } from '../../quickstart/iris/iris-model.ts';
import { findPython } from '../../quickstart/machine/python.ts';
import { Lifetime } from '../../quickstart/processes/lifetime.ts';
import { runToEnd } from '../../quickstart/processes/run-to-end.ts';
import { interpreterOf, makeEnvironment, servingLocks } from '../../quickstart/python/environment.ts';
import { repository } from '../../quickstart/settings.ts';
import { buildBundles } from '../../image/bundles.ts';
import type { ClusterUnderTest } from './cluster-under-test.ts';
import { buildKubectl } from './kubectl.ts';
import { occupyPort } from './ports.ts';

/**
 * Starts the cluster before the first journey; what it returns ends the cluster after the last one. Where vitest itself is
 * ended (Ctrl-C), the cluster notices and ends as well.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-e2e-'));
  const lifetime = new Lifetime(15_000);
  try {
    const options = { logFile: makeHome(dir).logFile('kubectl'), signal: lifetime.signal };
    const [cluster, kubectl] = await Promise.all([start(dir, lifetime), buildKubectl(options)]);
    project.provide('cluster', cluster);
    project.provide('kubectl', kubectl);
  } catch (error) {
    await lifetime.end();
    throw error;
  }
  return async () => {
    await lifetime.end();
    rmSync(dir, { recursive: true, force: true });
  };
}

async function start(dir: string, lifetime: Lifetime): Promise<ClusterUnderTest> {
  const { signal } = lifetime;
  const home = makeHome(dir);
  let last = '';
  const note = (text: string): void => {
    if (text !== last) console.log(`e2e: ${text}`);
    last = text;
  };
  // The one of the quickstart: making it anew would take minutes on a machine that has not downloaded it yet.
  const environment = {
    dir: makeHome(join(repository, '.fairlead')).python,
    python: findPython(),
    locks: servingLocks,
  };
  await makeEnvironment(environment, { logFile: home.logFile('python'), signal, note });
  await buildBundles();
  const interpreter = interpreterOf(environment.dir);
  const training = runToEnd(
    interpreter,
    [
      join(repository, 'e2e', 'models', 'train_models.py'),
      ...['--tracking-uri', trackingUriOf(home.registry), '--artifacts', join(home.registry, 'artifacts')],
    ],
    {
      what: 'training the models of the journeys',
      logFile: home.logFile('training'),
      signal,
      env: pythonEnvironment(),
      cwd: home.registry,
    },
  );
  training.catch(() => undefined);
  const { port, release } = await occupyPort();
  await release();
  await startCluster({ home, interpreter, lifetime });
  const client = connect(home.kubeconfig, lifetime);
  await installFairlead(client, {
    port,
    trackingUri: trackingUriOf(home.registry),
    logs: home.logs,
    note,
    signal,
  });
  await training;
  return {
    kubeconfig: home.kubeconfig,
    gatewayUrl: `http://127.0.0.1:${port}`,
    token: readFileSync(home.token, 'utf8').trim(),
  };
}
