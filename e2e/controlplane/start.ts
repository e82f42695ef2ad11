/** Owns the start of a real control plane: its parts as processes that end with the run, until its API answers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadKubeconfigAccess } from '../../kube/kubeconfig.ts';
import { KubeTransport } from '../../kube/transport.ts';
import { AppError, messageOf } from '../../platform/errors.ts';
import type { Lifetime } from '../../quickstart/processes/lifetime.ts';
import { startServiceProcess } from '../../quickstart/processes/service-process.ts';
import { componentNames, makeArguments } from './arguments.ts';
import type { ComponentName } from './arguments.ts';
import { makeKubeconfig } from './kubeconfig.ts';
import { makePki } from './pki.ts';
import type { Pki } from './pki.ts';

const readyTimeoutMs = 60_000;

export interface ControlPlane {
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly pki: Pki;
}

/**
 * Starts etcd, kube-apiserver and, unless told to leave them out, kube-controller-manager and kube-scheduler; returns once
 * the API server is ready. They end with `lifetime`, and `lifetime` with any of them.
 *
 * @throws AppError `CONTROL_PLANE_FAILED` naming the component and its log.
 */
export async function startControlPlane(options: {
  /** The program of `e2e/controlplane`. */
  readonly program: string;
  /** Holds keys and data. */
  readonly dir: string;
  readonly logFile: (component: string) => string;
  readonly lifetime: Lifetime;
  /** Leaves out what acts on objects; somebody else plays it then. */
  readonly apiOnly?: boolean;
}): Promise<ControlPlane> {
  const { program, dir, logFile, lifetime, apiOnly = false } = options;
  const folders = { pki: join(dir, 'pki'), kubeconfigs: join(dir, 'kubeconfigs'), etcd: join(dir, 'etcd') };
  const pki = await makePki(folders.pki, Date.now());
  mkdirSync(folders.kubeconfigs, { recursive: true, mode: 0o700 });
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, makeKubeconfig(pki, 'admin'), { mode: 0o600 });
  for (const name of ['kube-controller-manager', 'kube-scheduler'] as const) {
    const path = join(folders.kubeconfigs, `${name}.kubeconfig`);
    writeFileSync(path, makeKubeconfig(pki, name), { mode: 0o600 });
  }
  const commands = makeArguments(folders);
  const start = (name: ComponentName): void => {
    startComponent(name, [program, ...commands[name]], { logFile: logFile(name), lifetime });
  };
  const [etcd, apiServer, ...others] = componentNames;
  start(etcd);
  start(apiServer);
  await untilReady(kubeconfig, lifetime);
  // They would give up on an API server that is not ready within ten seconds.
  if (!apiOnly) others.forEach(start);
  return { kubeconfig, pki };
}

function startComponent(
  name: string,
  command: readonly [string, ...string[]],
  { logFile, lifetime }: { readonly logFile: string; readonly lifetime: Lifetime },
): void {
  const component = startServiceProcess(name, command, { logFile, env: { PATH: process.env['PATH'] } });
  lifetime.add(component);
  void component.ended.then((how) => {
    if (lifetime.signal.aborted) return;
    lifetime.ask(
      `${name} ended (${how}); its log is ${logFile}, its end:\n${component.lastLines(10)}`,
      'failure',
    );
  });
}

async function untilReady(kubeconfig: string, lifetime: Lifetime): Promise<void> {
  const access = loadKubeconfigAccess(kubeconfig);
  const transport = new KubeTransport({ access, userAgent: 'fairlead-e2e', timeoutMs: 2_000 });
  const deadline = performance.now() + readyTimeoutMs;
  try {
    for (;;) {
      const problem = await checkReadiness(transport);
      if (problem === undefined) return;
      if (lifetime.failed) throw new AppError('CONTROL_PLANE_FAILED', lifetime.reason);
      if (performance.now() > deadline) {
        const seconds = readyTimeoutMs / 1_000;
        throw new AppError(
          'CONTROL_PLANE_FAILED',
          `the API server is not ready after ${seconds} s: ${problem}`,
        );
      }
      await delay(50);
    }
  } finally {
    await transport.close();
  }
}

/** Returns why the API server is not ready, in words. */
async function checkReadiness(transport: KubeTransport): Promise<string | undefined> {
  try {
    await transport.requestText({ method: 'GET', path: '/readyz' });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
