/** Owns the registry with the models of the journeys. */
import { join } from 'node:path';
import { pythonEnvironment, trackingUriOf } from '../../quickstart/iris/iris-model.ts';
import { runToEnd } from '../../quickstart/processes/run-to-end.ts';
import { repository } from '../../quickstart/settings.ts';
import type { Run } from './targets/run.ts';

/**
 * Trains the models and registers them: in the registry of the run's own folder, or at `trackingUri`.
 *
 * @throws AppError `COMMAND_FAILED` naming the log file.
 */
export async function trainModels({ home, interpreter, lifetime }: Run, trackingUri?: string): Promise<void> {
  const registry =
    trackingUri === undefined
      ? ['--tracking-uri', trackingUriOf(home.registry), '--artifacts', join(home.registry, 'artifacts')]
      : ['--tracking-uri', trackingUri];
  await runToEnd(interpreter, [join(repository, 'e2e', 'models', 'train_models.py'), ...registry], {
    what: 'training the models of the journeys',
    logFile: home.logFile('training'),
    signal: lifetime.signal,
    env: pythonEnvironment(),
    cwd: home.registry,
  });
}
