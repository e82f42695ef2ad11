/** Owns the stock helm as a test calls it: in the root of the repository. */
import { join } from 'node:path';
import { runProgram } from './run-program.ts';
import type { ProgramResult } from './run-program.ts';

export type Helm = (args: readonly string[]) => Promise<ProgramResult>;

/**
 * Returns a function that runs one helm command.
 *
 * @param scratch - where helm keeps what it caches.
 * @param kubeconfig - the cluster; without one, for commands that need none.
 */
export function makeHelm(path: string, scratch: string, kubeconfig = join(scratch, 'no-kubeconfig')): Helm {
  const folders = { HELM_CACHE_HOME: 'cache', HELM_CONFIG_HOME: 'config', HELM_DATA_HOME: 'data' };
  const own = Object.entries(folders).map(([name, folder]) => [name, join(scratch, 'helm', folder)]);
  const env = { ...(Object.fromEntries(own) as Record<string, string>), KUBECONFIG: kubeconfig };
  return (args) => runProgram(path, args, { env });
}
