/** Owns an operator as a process of its own, which a test can stop, continue and kill. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';

export interface OperatorProcess {
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Ends it, whatever it does. */
  kill(): Promise<void>;
}

/** Starts it with the token of a ServiceAccount; `dir` takes its files. */
export async function startOperatorProcess(options: {
  readonly dir: string;
  readonly apiUrl: string;
  readonly token: string;
  readonly config: Readonly<Record<string, unknown>>;
}): Promise<OperatorProcess> {
  const { dir, apiUrl, token, config } = options;
  const kubeconfig = join(dir, 'operator.kubeconfig');
  await writeFile(
    kubeconfig,
    dump({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: apiUrl, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  const configFile = join(dir, 'operator.yaml');
  await writeFile(configFile, dump({ kubeconfig, ...config }));
  const child: ChildProcess = spawn(
    process.execPath,
    ['operator/main.ts', 'operator', '--config', configFile],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  return {
    signal: (name) => void child.kill(name),
    ended,
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}
