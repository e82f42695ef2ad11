/** Owns how the stock helm is called. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface HelmResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Helm = (args: readonly string[]) => Promise<HelmResult>;

export interface HelmSurroundings {
  /** Where helm keeps what it caches. */
  readonly home: string;
  /** Where relative paths begin. */
  readonly cwd: string;
  /** The cluster; without one, for commands that need none. */
  readonly kubeconfig?: string;
}

/** Returns a function that runs one helm command; a non-zero exit status is a result like others. */
export function makeHelm(path: string, { home, cwd, kubeconfig }: HelmSurroundings): Helm {
  return async (args) => {
    const child = spawn(path, args, {
      cwd,
      env: { PATH: process.env['PATH'], HOME: home, KUBECONFIG: kubeconfig ?? join(home, 'no-kubeconfig') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
    const [exitCode, stdout, stderr] = await Promise.all([promise, text(child.stdout), text(child.stderr)]);
    return { exitCode, stdout, stderr };
  };
}
