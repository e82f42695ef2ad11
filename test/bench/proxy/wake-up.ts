/** Owns the second benchmark: how fast a request at zero gets its Deployment woken, and how fast it reaches the pod. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startModelServer } from '../../../proxy/testing/model-server-fixture.ts';
import { send } from '../../../proxy/testing/http-client-fixture.ts';
import { deployment, freePort, startGatewayProcess, startSidecarProcess, winePath } from './fairlead.ts';
import type { BenchCluster } from './fairlead.ts';
import { body, token } from './load.ts';

export interface WakeUpFigures {
  /** Request sent → scale written, in milliseconds. */
  readonly scaleWrittenMs: readonly number[];
  /** Model answers its health check → first byte of the request at the model, in milliseconds. */
  readonly firstByteMs: readonly number[];
}

const rounds = 10;
const modelStartMs = 700;

/** Wakes the endpoint several times; the pod's sidecar is a real process, its model begins to answer on a signal. */
export async function measureWakeUp(bench: BenchCluster): Promise<WakeUpFigures> {
  console.error('bench: wake-up from zero');
  const scaleWrittenMs: number[] = [];
  const firstByteMs: number[] = [];
  bench.cluster.setPods('team-a', deployment, []);
  const gatewayPort = await freePort();
  const gateway = await startGatewayProcess(bench, gatewayPort);
  try {
    await sleep(1_000);
    for (let round = 0; round < rounds; round += 1) {
      const figures = await wakeOnce(bench, gatewayPort);
      scaleWrittenMs.push(figures.scaleWritten);
      firstByteMs.push(figures.firstByte);
    }
  } finally {
    await gateway.stop();
  }
  return { scaleWrittenMs, firstByteMs };
}

async function wakeOnce(
  { cluster, ...bench }: BenchCluster,
  gatewayPort: number,
): Promise<{ scaleWritten: number; firstByte: number }> {
  const model = await startModelServer();
  model.healthy = false;
  let arrivedAt = 0;
  const { respond } = model;
  model.respond = (request, response) => {
    arrivedAt = performance.now();
    respond(request, response);
  };
  cluster.scales.set(`team-a/${deployment}`, 0);
  const scaled = new Promise<number>((resolve) => {
    cluster.onScaled = () => resolve(performance.now());
  });
  const sentAt = performance.now();
  const answer = send({
    to: { host: '127.0.0.1', port: gatewayPort },
    path: winePath,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
  });
  const scaleWritten = (await scaled) - sentAt;
  const port = await freePort();
  const sidecar = await startSidecarProcess({ cluster, ...bench }, port, model.port);
  cluster.setPods('team-a', deployment, [{ host: '127.0.0.1', port, ready: false }]);
  await sleep(modelStartMs);
  model.healthy = true;
  const healthyAt = performance.now();
  const { status } = await answer;
  cluster.setPods('team-a', deployment, []);
  await sidecar.stop();
  await model.stop();
  if (status !== 200) throw new Error(`the woken endpoint answered ${status}`);
  return { scaleWritten, firstByte: arrivedAt - healthyAt };
}
