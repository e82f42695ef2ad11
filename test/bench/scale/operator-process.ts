/** Owns the operator under measurement: the bundle as users run it, told by its own metrics how far it is. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startMeasured } from '../measured-process.ts';
import type { MeasuredProcess } from '../measured-process.ts';

const bundle = join(import.meta.dirname, '../../../dist/fairlead.js');
const adminPort = 19_190;
const quietMs = 5_000;

export interface OperatorProcess extends Pick<
  MeasuredProcess,
  'cpuMicroseconds' | 'peakResidentMiB' | 'residentMiB' | 'stop'
> {
  /** Reconciles that have ended so far, whatever their result. */
  reconciles(): Promise<number>;
  /** Resolves once nothing has been reconciled for some seconds. */
  quiet(): Promise<void>;
  /** Resolves once `count` reconciles have ended and none is in line; milliseconds since the process was started. */
  settled(count: number): Promise<number>;
}

/** Starts an operator that is to lead. */
export async function startOperatorProcess(kubeconfig: string): Promise<OperatorProcess> {
  const startedAt = performance.now();
  const flags = {
    kubeconfig,
    'pod-name': `operator-${Math.round(startedAt)}`,
    'pod-ip': '127.0.0.1',
    'bind-host': '127.0.0.1',
    'admin-port': adminPort,
    'metrics-port': 0,
    'log-level': 'warn',
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const measured = await startMeasured([process.execPath, bundle, 'operator', ...args], { port: adminPort });
  const read = async (metric: string): Promise<number> => {
    const text = await scrape().catch((cause: unknown) => {
      throw new Error(`the operator tells nothing any more; it printed:\n${measured.printed()}`, { cause });
    });
    return sum(text, metric);
  };
  const reconciles = (): Promise<number> => read('fairlead_controller_reconcile_total');
  return {
    ...measured,
    reconciles,
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

async function scrape(): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
  return answer.text();
}

/** Sums a metric of the ServingEndpoint controller over its other labels. */
function sum(text: string, metric: string): number {
  const line = new RegExp(`^${metric}\\{[^}]*="servingendpoint"[^}]*\\} ([0-9.e+]+)$`, 'gm');
  return [...text.matchAll(line)].reduce((total, [, value]) => total + Number(value), 0);
}
