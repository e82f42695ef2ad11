/** Owns the stock kubectl: how it is built, and how a journey calls it. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from '../../quickstart/processes/run-to-end.ts';
import { repository } from '../../quickstart/settings.ts';

const source = join(repository, 'e2e', 'kubectl');
/** The release of kubectl whose Go module is v0.37.2. */
const version = 'v1.37.2';

/** Where kubectl is, or why there is none. */
export type KubectlBuild = { readonly path: string } | { readonly missing: string };

export interface KubectlResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Builds kubectl from its Go module, once: it is kept with the installed packages, named by what it was built from.
 *
 * @throws AppError `COMMAND_FAILED` with the end of the compiler's output.
 */
export async function buildKubectl(options: { logFile: string; signal: AbortSignal }): Promise<KubectlBuild> {
  const key = createHash('sha256').update(version);
  for (const file of ['go.sum', 'go.mod', 'main.go']) key.update(readFileSync(join(source, file)));
  const dir = join(repository, 'node_modules', '.cache', 'kubectl');
  const path = join(dir, `kubectl-${key.digest('hex').slice(0, 16)}`);
  if (existsSync(path)) return { path };
  if (spawnSync('go', ['version']).status !== 0) return { missing: 'there is no Go to build kubectl with' };
  mkdirSync(dir, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  const flags = `-s -w -X k8s.io/component-base/version.gitVersion=${version}`;
  await runToEnd('go', ['build', '-C', source, '-trimpath', '-ldflags', flags, '-o', unfinished, '.'], {
    what: 'building kubectl',
    ...options,
    env: { ...process.env, CGO_ENABLED: '0' },
  });
  renameSync(unfinished, path);
  return { path };
}

/** Returns a function that runs one kubectl command against a cluster; a non-zero exit status is a result like others. */
export function makeKubectl(path: string, kubeconfig: string) {
  return async (args: readonly string[], input = ''): Promise<KubectlResult> => {
    const child = spawn(path, args, {
      // A home of its own: kubectl keeps what it discovered there.
      env: { PATH: process.env['PATH'], HOME: join(kubeconfig, '..'), KUBECONFIG: kubeconfig },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (stderr += chunk));
    child.stdin.end(input);
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    return { exitCode, stdout, stderr };
  };
}
