/** Owns the operator under measurement: the bundle as users run it, told by its own metrics how far it is. */
import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { installedEnvironment } from '../installed-environment.ts';
import { startMeasured } from '../measured-process.ts';
import type { MeasuredProcess } from '../measured-process.ts';

const bundle = join(import.meta.dirname, '../../../dist/fairlead.js');
const adminPort = 19_190;
const quietMs = 5_000;
const mostRestarts = 5;

export interface OperatorProcess extends Pick<
  MeasuredProcess,
  'cpuMicroseconds' | 'peakResidentMiB' | 'residentMiB' | 'stop'
> {
  /** How often it has ended and was started again: a leader that cannot renew its lease in time gives up. */
  restarts(): number;
  /** Resolves once nothing has been reconciled for some seconds. */
  quiet(): Promise<void>;
  /** Resolves once `count` reconciles have ended and none is in line; milliseconds since the process was started. */
  settled(count: number): Promise<number>;
}

/** Starts an operator that is to lead; as Kubernetes would, it starts another when it ends. */
export async function startOperatorProcess(kubeconfig: string): Promise<OperatorProcess> {
  const startedAt = performance.now();
  let measured = await startOnce(kubeconfig);
  let restarts = 0;
  const read = async (metric: string): Promise<number> => {
    try {
      return sum(await scrape(), metric);
    } catch (cause) {
      if (!measured.ended || restarts >= mostRestarts) {
        throw new Error(`the operator tells nothing any more; it printed:\n${measured.printed()}`, { cause });
      }
      restarts += 1;
      measured = await startOnce(kubeconfig);
      return read(metric);
    }
  };
  const reconciles = (): Promise<number> => read('fairlead_controller_reconcile_total');
  return {
    cpuMicroseconds: () => measured.cpuMicroseconds(),
    peakResidentMiB: () => measured.peakResidentMiB(),
    residentMiB: () => measured.residentMiB(),
    stop: () => measured.stop(),
    restarts: () => restarts,
    quiet: async () => {
      for (let last = -1, now = await reconciles(); now !== last; now = await reconciles()) {
        last = now;
        await sleep(quietMs);
      }
    },
    settled: async (count) => {
      while ((await reconciles()) < count || (await read('fairlead_workqueue_depth')) > 0) await sleep(100);
      return performance.now() - startedAt;
    },
  };
}

function startOnce(kubeconfig: string): Promise<MeasuredProcess> {
  const flags = {
    kubeconfig,
    'pod-name': `operator-${Math.round(performance.now())}`,
    'pod-ip': '127.0.0.1',
    'bind-host': '127.0.0.1',
    'admin-port': adminPort,
    'metrics-port': 0,
    'log-level': 'warn',
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return startMeasured([process.execPath, bundle, 'operator', ...args], {
    port: adminPort,
    env: installedEnvironment('fairlead-operator'),
  });
}

/** On a connection of its own: one that is kept may end while an operator with ten thousand endpoints to read is asked. */
async function scrape(): Promise<string> {
  const asked = get({ host: '127.0.0.1', port: adminPort, path: '/metrics', agent: false });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return text(answer);
}

/** Sums a metric of the ServingEndpoint controller over its other labels. */
function sum(scraped: string, metric: string): number {
  const line = new RegExp(`^${metric}\\{[^}]*="servingendpoint"[^}]*\\} ([0-9.e+]+)$`, 'gm');
  return [...scraped.matchAll(line)].reduce((total, [, value]) => total + Number(value), 0);
}
