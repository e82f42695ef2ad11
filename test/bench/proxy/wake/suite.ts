/** Owns the suite `wake`: how fast a request at zero gets its Deployment woken, and how fast it reaches the pod. */
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from '../../../../proxy/testing/http-client-fixture.ts';
import { startModelServer } from '../../../../proxy/testing/model-server-fixture.ts';
import { pace } from '../../pace.ts';
import type { SuiteReport } from '../../suite-report.ts';
import { deployment, namespace, winePath } from '../fairlead/bench-cluster.ts';
import { startGatewayProcess, startSidecarProcess } from '../fairlead/processes.ts';
import { freePort } from '../free-port.ts';
import { body, headers } from '../load/request.ts';
import { withBench } from '../with-bench.ts';
import type { Bench } from '../with-bench.ts';
import { makeWakeReport } from './report.ts';
import type { WakeUpFigures } from './report.ts';

const modelStartMs = 700;
const settleMs = 1_000;

/** Runs the suite; it takes about half a minute. */
export const runWakeSuite = async (): Promise<SuiteReport> => makeWakeReport(await withBench(measure));

async function measure(bench: Bench): Promise<WakeUpFigures> {
  const scaleWrittenMs: number[] = [];
  const firstByteMs: number[] = [];
  bench.cluster.setPods(namespace, deployment, []);
  const gatewayPort = await freePort();
  const gateway = await startGatewayProcess(bench, gatewayPort);
  try {
    await sleep(settleMs);
    for (let round = 1; round <= pace.wakeUps; round += 1) {
      console.error(`bench: wake-up ${round} of ${pace.wakeUps}`);
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
  bench: Bench,
  gatewayPort: number,
): Promise<{ scaleWritten: number; firstByte: number }> {
  const { cluster } = bench;
  const model = await startModelServer();
  model.healthy = false;
  let arrivedAt = 0;
  const { respond } = model;
  model.respond = (request, response) => {
    arrivedAt = performance.now();
    respond(request, response);
  };
  cluster.scales.set(`${namespace}/${deployment}`, 0);
  const scaled = new Promise<number>((resolve) => {
    cluster.onScaled = () => resolve(performance.now());
  });
  const sentAt = performance.now();
  const answer = send({
    to: { host: '127.0.0.1', port: gatewayPort },
    path: winePath,
    headers,
    body,
  });
  const scaleWritten = (await scaled) - sentAt;
  const port = await freePort();
  const sidecar = await startSidecarProcess(bench, { port, modelPort: model.port });
  cluster.setPods(namespace, deployment, [{ host: '127.0.0.1', port, ready: false }]);
  await sleep(modelStartMs);
  model.healthy = true;
  const healthyAt = performance.now();
  const { status } = await answer;
  cluster.setPods(namespace, deployment, []);
  await sidecar.stop();
  await model.stop();
  if (status !== 200) throw new Error(`the woken endpoint answered ${status}`);
  return { scaleWritten, firstByte: arrivedAt - healthyAt };
}
