/** Owns Python environments from the locks of `runtime-image/`: made once, made anew when their locks change. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Python } from '../machine/python.ts';
import { runToEnd } from '../processes/run-to-end.ts';
import type { Note } from '../progress.ts';
import { repository } from '../settings.ts';

const runtimeImage = join(repository, 'runtime-image');
const bootstrap = 'bootstrap-requirements.txt';

/** What model servers run in. */
export const servingLocks = ['requirements.txt'];
/** The same, and what checks and tests of `runtime-image/` need. */
export const testLocks = ['requirements.txt', 'requirements-dev.txt'];

export interface EnvironmentOptions {
  readonly dir: string;
  readonly python: Python;
  readonly locks: readonly string[];
}

/** Returns the interpreter of the environment in `dir`. */
export const interpreterOf = (dir: string): string => join(dir, 'bin', 'python');

/** Returns whether the environment is complete and what its locks ask for. */
export function isEnvironmentReady(environment: EnvironmentOptions): boolean {
  try {
    return readFileSync(stampOf(environment.dir), 'utf8') === keyOf(environment);
  } catch {
    // No stamp: never made, or its making was interrupted.
    return false;
  }
}

/**
 * Makes the environment, every file that is installed checked against its hash; where it is there already, does nothing
 * and needs no network.
 *
 * @throws AppError `COMMAND_FAILED` naming the log file.
 */
export async function makeEnvironment(
  environment: EnvironmentOptions,
  options: { readonly logFile: string; readonly signal: AbortSignal; readonly note: Note },
): Promise<void> {
  if (isEnvironmentReady(environment)) return;
  const { dir, python, locks } = environment;
  const run = (what: string, command: string, ...args: string[]): Promise<void> => {
    options.note(what);
    return runToEnd(command, args, { what, logFile: options.logFile, signal: options.signal });
  };
  rmSync(dir, { recursive: true, force: true });
  await run('making a virtual environment', python.command, '-m', 'venv', dir);
  const interpreter = interpreterOf(dir);
  await run(
    'installing the installer',
    interpreter,
    ...['-m', 'pip', 'install', '--disable-pip-version-check', '--require-hashes'],
    ...['--requirement', join(runtimeImage, bootstrap)],
  );
  await run(
    'installing MLflow and scikit-learn (about 700 MB, once)',
    interpreter,
    ...['-m', 'uv', 'pip', 'sync', '--python', interpreter, '--require-hashes'],
    ...locks.map((lock) => join(runtimeImage, lock)),
  );
  writeFileSync(stampOf(dir), keyOf(environment));
}

const stampOf = (dir: string): string => join(dir, 'fairlead-environment');

function keyOf({ python, locks }: EnvironmentOptions): string {
  const hash = createHash('sha256').update(python.version);
  for (const lock of [bootstrap, ...locks]) hash.update(readFileSync(join(runtimeImage, lock)));
  return hash.digest('hex');
}
