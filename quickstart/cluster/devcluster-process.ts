/** Owns the embedded cluster as a child process: its images, its start, and that nothing of it stays. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../platform/errors.ts';
import { ProcessRecords } from '../../platform/processes/process-records.ts';
import type { Home } from '../home.ts';
import type { Lifetime } from '../processes/lifetime.ts';
import { startServiceProcess } from '../processes/service-process.ts';
import type { ServiceProcess } from '../processes/service-process.ts';
import { repository } from '../settings.ts';

const startTimeoutMs = 30_000;

/**
 * Starts the cluster and returns once its API answers; it ends with `lifetime`, and `lifetime` with it.
 *
 * @throws AppError `CLUSTER_FAILED` with the end of its log.
 */
export async function startCluster(options: {
  readonly home: Home;
  /** The Python that model servers run in. */
  readonly interpreter: string;
  readonly lifetime: Lifetime;
}): Promise<void> {
  const { home, interpreter, lifetime } = options;
  const config = join(home.dir, 'devcluster.json');
  writeFileSync(config, JSON.stringify({ stateDir: home.dir, port: 0, images: makeImageTable(interpreter) }));
  // Written anew by the cluster when its API listens: that is how its start is noticed.
  rmSync(home.kubeconfig, { force: true });
  const cluster = startServiceProcess(
    'embedded cluster',
    [
      process.execPath,
      '--enable-source-maps',
      bundle('devcluster'),
      '--config',
      config,
      '--end-with-stdin',
      'true',
    ],
    { logFile: home.logFile('devcluster'), env: environmentOfCluster() },
  );
  lifetime.add({ ...cluster, stop: () => stopWithPods(cluster, home) });
  let how: string | undefined;
  void cluster.ended.then((words) => {
    how = words;
    if (lifetime.signal.aborted) return;
    lifetime.ask(
      `the embedded cluster ended (${words}); its log is ${home.logFile('devcluster')}`,
      'failure',
    );
  });
  const deadline = performance.now() + startTimeoutMs;
  while (!existsSync(home.kubeconfig)) {
    if (how !== undefined || performance.now() > deadline) {
      const what = how === undefined ? `did not start within ${startTimeoutMs / 1_000} s` : `ended (${how})`;
      throw new AppError(
        'CLUSTER_FAILED',
        `the embedded cluster ${what}; its log is ${home.logFile('devcluster')}, its end:\n${cluster.lastLines(5)}`,
      );
    }
    await delay(20, undefined, { signal: lifetime.signal });
  }
}

const bundle = (name: string): string => join(repository, 'dist', `${name}.js`);

/** Returns which local programs stand for the images of Fairlead's manifests. */
export function makeImageTable(interpreter: string): Record<string, object> {
  return {
    'fairlead:dev': { entrypoint: [process.execPath, '--enable-source-maps', bundle('fairlead')] },
    'fairlead-mlflow-runtime:dev': {
      entrypoint: [interpreter],
      executables: { python: interpreter },
      env: { PYTHONPATH: join(repository, 'runtime-image', 'src'), PYTHONUNBUFFERED: '1' },
    },
  };
}

/** What a person has set for the quickstart (FAIRLEAD_PORT, say) is not meant for the cluster. */
function environmentOfCluster(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FAIRLEAD_')));
}

/** A cluster that was killed leaves the processes of its pods behind, and its notes of them. */
async function stopWithPods(cluster: ServiceProcess, home: Home): Promise<void> {
  await cluster.stop();
  await new ProcessRecords(join(home.dir, 'node', 'processes')).endLeftovers();
}
