/** Owns the first benchmark: CPU time per request of proxies, side by side in one run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { deployment, freePort, startGatewayProcess, startSidecarProcess, winePath } from './fairlead.ts';
import type { BenchCluster } from './fairlead.ts';
import { runLoad } from './load.ts';
import type { LoadResult } from './load.ts';
import { startMeasured } from '../measured-process.ts';
import type { MeasuredProcess } from '../measured-process.ts';
import { backend, edgeProxy, plainProxy, sidecarProxy, startNginx } from './nginx.ts';
import { join } from 'node:path';

export interface ProxyFigures {
  readonly name: string;
  readonly microsecondsPerRequest: number;
  /** Before its first request, and after the load. */
  readonly idleMiB: number;
  readonly residentMiB: number;
  readonly load: LoadResult;
}

const settleMs = 2_000;
const warmUpSeconds = 3;
const measureSeconds = 6;

/** Measures each proxy, or pair of them, under the same load, one after the other. */
export async function measureProxyCpu(bench: BenchCluster): Promise<ProxyFigures[]> {
  const { directory } = bench;
  const model = await freePort();
  const running = [await startNginx('backend', backend(model), model, directory)];
  try {
    return [
      ...(await measure(bench, 'nginx, plain', await startPlainNginx(bench, model))),
      ...(await measure(bench, 'node:http + undici, plain', await startBareNode(model))),
      ...(await measure(bench, 'nginx pair, mTLS between', await startNginxPair(bench, model))),
      ...(await measure(bench, 'Fairlead pair, mTLS between', await startFairleadPair(bench, model))),
    ];
  } finally {
    for (const process of running) await process.stop();
  }
}

interface Subject {
  readonly url: string;
  /** What is measured, by the name that the figures get. */
  readonly processes: Readonly<Record<string, MeasuredProcess>>;
}

async function measure(bench: BenchCluster, title: string, subject: Subject): Promise<ProxyFigures[]> {
  console.error(`bench: ${title}`);
  const processes = Object.entries(subject.processes);
  try {
    // A gateway listens before its first look at the cluster is complete.
    await sleep(settleMs);
    const idleMiB = processes.map(([, process]) => process.residentMiB());
    await runLoad(subject.url, warmUpSeconds, bench.directory);
    const before = processes.map(([, process]) => process.cpuMicroseconds());
    const load = await runLoad(subject.url, measureSeconds, bench.directory);
    if (load.errors > 0)
      throw new Error(`${title}: ${load.errors} requests failed: the figures mean nothing`);
    return processes.map(([name, process], index) => ({
      name,
      microsecondsPerRequest: (process.cpuMicroseconds() - (before[index] ?? 0)) / load.requests,
      idleMiB: idleMiB[index] ?? Number.NaN,
      residentMiB: process.residentMiB(),
      load,
    }));
  } finally {
    for (const [, process] of processes) await process.stop();
  }
}

async function startPlainNginx({ directory }: BenchCluster, model: number): Promise<Subject> {
  const port = await freePort();
  const nginx = await startNginx('plain', plainProxy(port, model), port, directory);
  return { url: `http://127.0.0.1:${port}${winePath}`, processes: { 'nginx (plain)': nginx } };
}

async function startBareNode(model: number): Promise<Subject> {
  const port = await freePort();
  const script = join(import.meta.dirname, 'bare-node-proxy.ts');
  const node = await startMeasured(['node', script, String(port), String(model)], { port });
  return { url: `http://127.0.0.1:${port}${winePath}`, processes: { 'node:http + undici (plain)': node } };
}

async function startNginxPair(bench: BenchCluster, model: number): Promise<Subject> {
  const { directory, gatewayTls, sidecarTls } = bench;
  const [edgePort, innerPort] = [await freePort(), await freePort()];
  const inner = await startNginx('inner', sidecarProxy(innerPort, model, sidecarTls), innerPort, directory);
  const edge = await startNginx('edge', edgeProxy(edgePort, innerPort, gatewayTls), edgePort, directory);
  return {
    url: `http://127.0.0.1:${edgePort}${winePath}`,
    processes: { 'nginx (plain in, mTLS out)': edge, 'nginx (mTLS in, plain out)': inner },
  };
}

async function startFairleadPair(bench: BenchCluster, model: number): Promise<Subject> {
  const [gatewayPort, sidecarPort] = [await freePort(), await freePort()];
  const sidecar = await startSidecarProcess(bench, sidecarPort, model);
  bench.cluster.setPods('team-a', deployment, [{ host: '127.0.0.1', port: sidecarPort, ready: true }]);
  const gateway = await startGatewayProcess(bench, gatewayPort);
  return {
    url: `http://127.0.0.1:${gatewayPort}${winePath}`,
    processes: {
      'Fairlead gateway (all policies, mTLS out)': gateway,
      'Fairlead sidecar (all policies, mTLS in)': sidecar,
    },
  };
}
