/** Owns the suite `endurance`: whether memory grows with the number of requests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pace } from '../../pace.ts';
import type { SuiteReport } from '../../suite-report.ts';
import { checkTools, findTool } from '../../tools/find-tool.ts';
import { versionOf } from '../../tools/version-of.ts';
import { loadAndCount } from '../cpu/measure.ts';
import { startBackend } from '../contestants/nginx.ts';
import { freePort } from '../free-port.ts';
import { runLoad } from '../load/wrk.ts';
import { startFairleadPair, stopPair } from '../pair.ts';
import type { Pair } from '../pair.ts';
import { withBench } from '../with-bench.ts';
import type { Bench } from '../with-bench.ts';
import { makeEnduranceReport } from './report.ts';
import type { Reading } from './report.ts';

const settleMs = 2_000;

/** Runs the suite; a million requests take about two minutes. */
export async function runEnduranceSuite(): Promise<SuiteReport> {
  checkTools(['nginx', 'wrk']);
  const [early, late] = await withBench(measure);
  return makeEnduranceReport(early, late, { nginx: versionOf(findTool('nginx'), '-v') });
}

async function measure(bench: Bench): Promise<[early: Reading, late: Reading]> {
  const modelPort = await freePort();
  const model = await startBackend(modelPort, bench.directory);
  const pair = await startFairleadPair(bench, modelPort);
  try {
    await sleep(settleMs);
    const [earlyRequests, lateRequests] = pace.endurance;
    const early = await loadUntil(bench, pair, 0, earlyRequests);
    return [early, await loadUntil(bench, pair, early.requests, lateRequests)];
  } finally {
    await stopPair(pair);
    await model.stop();
  }
}

async function loadUntil(bench: Bench, pair: Pair, already: number, atLeast: number): Promise<Reading> {
  const aim = { origin: pair.origin, paths: [pair.path] } as const;
  let requests = already;
  while (requests < atLeast) {
    console.error(`bench: endurance, ${requests} of ${atLeast} requests`);
    const run = (): ReturnType<typeof runLoad> => runLoad(aim, pace.measureSeconds, bench.directory);
    requests += (await loadAndCount('endurance', [], run)).load.requests;
  }
  await sleep(settleMs);
  return { requests, gatewayMiB: pair.edge.residentMiB(), sidecarMiB: pair.inner.residentMiB() };
}
