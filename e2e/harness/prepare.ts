/** Owns what journeys need before a cluster can start: made once, and without a network from then on. */
import { join } from 'node:path';
import { buildBundles } from '../../image/bundles.ts';
import { makeHome } from '../../quickstart/home.ts';
import { findPython } from '../../quickstart/machine/python.ts';
import type { Note } from '../../quickstart/progress.ts';
import { interpreterOf, makeEnvironment, servingLocks } from '../../quickstart/python/environment.ts';
import { repository } from '../../quickstart/settings.ts';

/**
 * Brings bundles and Python environment up to date and returns the environment's interpreter.
 *
 * @throws AppError `COMMAND_FAILED` naming the log file.
 */
export async function prepare(options: {
  readonly logFile: string;
  readonly signal: AbortSignal;
  readonly note: Note;
}): Promise<string> {
  // The one of the quickstart: making it anew would take minutes on a machine that has not downloaded it yet.
  const dir = makeHome(join(repository, '.fairlead')).python;
  await makeEnvironment({ dir, python: findPython(), locks: servingLocks }, options);
  await buildBundles();
  return interpreterOf(dir);
}
