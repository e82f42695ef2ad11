/** Owns the Python environment that model servers run in: made once, made anew when its locks change. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Python } from '../machine/python.ts';
import { runToEnd } from '../processes/run-to-end.ts';
import type { Note } from '../progress.ts';
import { repository } from '../settings.ts';

const runtimeImage = join(repository, 'runtime-image');
const locks = ['bootstrap-requirements.txt', 'requirements.txt'];

/** Returns the interpreter of the environment in `dir`. */
export const interpreterOf = (dir: string): string => join(dir, 'bin', 'python');

/** Returns whether the environment in `dir` is complete and what the locks ask for. */
export function isEnvironmentReady(dir: string, python: Python): boolean {
  try {
    return readFileSync(stampOf(dir), 'utf8') === keyOf(python);
  } catch {
    // No stamp: never made, or its making was interrupted.
    return false;
  }
}

/**
 * Makes the environment in `dir` from the locks of `runtime-image/`, every file checked against its hash; where it is
 * there already, does nothing and needs no network.
 *
 * @throws AppError `COMMAND_FAILED` naming the log file.
 */
export async function makeEnvironment(
  dir: string,
  python: Python,
  options: { readonly logFile: string; readonly signal: AbortSignal; readonly note: Note },
): Promise<void> {
  if (isEnvironmentReady(dir, python)) return;
  const run = (what: string, command: string, ...args: string[]): Promise<void> => {
    options.note(what);
    return runToEnd(command, args, { what, logFile: options.logFile, signal: options.signal });
  };
  rmSync(dir, { recursive: true, force: true });
  await run('making a virtual environment', python.command, '-m', 'venv', dir);
  const interpreter = interpreterOf(dir);
  const bootstrap = join(runtimeImage, 'bootstrap-requirements.txt');
  await run(
    'installing the installer',
    interpreter,
    ...[
      '-m',
      'pip',
      'install',
      '--disable-pip-version-check',
      '--require-hashes',
      '--requirement',
      bootstrap,
    ],
  );
  await run(
    'installing MLflow and scikit-learn (about 700 MB, once)',
    interpreter,
    ...['-m', 'uv', 'pip', 'sync', '--python', interpreter, '--require-hashes'],
    join(runtimeImage, 'requirements.txt'),
  );
  writeFileSync(stampOf(dir), keyOf(python));
}

const stampOf = (dir: string): string => join(dir, 'fairlead-environment');

function keyOf(python: Python): string {
  const hash = createHash('sha256').update(python.version);
  for (const lock of locks) hash.update(readFileSync(join(runtimeImage, lock)));
  return hash.digest('hex');
}
