/** Owns the model that the quickstart serves: `models:/iris/1` in the registry beside the cluster's state. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from '../processes/run-to-end.ts';
import { repository } from '../settings.ts';

/** Returns the tracking URI of the MLflow registry in `dir`. */
export const trackingUriOf = (dir: string): string => `sqlite:///${join(dir, 'mlflow.db')}`;

/** Returns the environment in which our Python code runs: our package beside the locked ones. */
export const pythonEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PYTHONPATH: join(repository, 'runtime-image', 'src'),
  PYTHONUNBUFFERED: '1',
});

/**
 * Trains the classifier and registers it as version 1, unless an earlier run did.
 *
 * @throws AppError `COMMAND_FAILED` naming the log file.
 */
export async function trainIris(options: {
  readonly interpreter: string;
  readonly registry: string;
  readonly logFile: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { interpreter, registry, logFile, signal } = options;
  // Asking the registry itself would import MLflow, seconds of work, at every start.
  const stamp = join(registry, 'iris-1.registered');
  if (existsSync(stamp)) return;
  const script = join(repository, 'quickstart', 'iris', 'train_iris.py');
  const args = ['--tracking-uri', trackingUriOf(registry), '--artifacts', join(registry, 'artifacts')];
  await runToEnd(interpreter, [script, ...args], {
    what: 'training the iris classifier',
    logFile,
    signal,
    env: pythonEnvironment(),
    // MLflow makes a folder "mlruns" where it works.
    cwd: registry,
  });
  writeFileSync(stamp, 'models:/iris/1\n');
}
