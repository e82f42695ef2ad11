/** Owns the suite `endpoints`: what a gateway costs that many endpoints share. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pace } from '../../pace.ts';
import type { SuiteReport } from '../../suite-report.ts';
import { checkTools, findTool } from '../../tools/find-tool.ts';
import { versionOf } from '../../tools/version-of.ts';
import { loadAndCount } from '../cpu/measure.ts';
import { startGatewayProcess } from '../fairlead/processes.ts';
import { freePort } from '../free-port.ts';
import { body, headers } from '../load/request.ts';
import { runLoad } from '../load/wrk.ts';
import { withBench } from '../with-bench.ts';
import type { Bench } from '../with-bench.ts';
import { populate } from './population.ts';
import { makeEndpointsReport } from './report.ts';
import type { EndpointsRow } from './report.ts';

const settleMs = 3_000;
const known = { everyMs: 200, withinMs: 30_000 };

/** Runs the suite; it takes about a minute. */
export async function runEndpointsSuite(): Promise<SuiteReport> {
  checkTools(['nginx', 'wrk']);
  const one = await withBench((bench) => measure(bench, 1));
  const many = await withBench((bench) => measure(bench, pace.endpoints));
  return makeEndpointsReport(one, many, {
    nginx: versionOf(findTool('nginx'), '-v'),
    wrk: versionOf(findTool('wrk'), '-v'),
  });
}

async function measure(bench: Bench, endpoints: number): Promise<EndpointsRow> {
  console.error(`bench: one gateway with ${endpoints} endpoints`);
  const { paths, pods } = await populate(bench, endpoints);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const gateway = await startGatewayProcess(bench, port);
  try {
    await untilKnown(origin + (paths.at(-1) ?? ''));
    await sleep(settleMs);
    const idleMiB = gateway.residentMiB();
    const aim = { origin, paths };
    await runLoad(aim, pace.warmUpSeconds, bench.directory);
    const { load, microsecondsPerRequest } = await loadAndCount(`${endpoints} endpoints`, [gateway], () =>
      runLoad(aim, pace.measureSeconds, bench.directory),
    );
    return {
      endpoints,
      idleMiB,
      loadedMiB: gateway.residentMiB(),
      microsecondsPerRequest: microsecondsPerRequest[0] ?? Number.NaN,
      requestsPerSecond: load.requestsPerSecond,
    };
  } finally {
    await gateway.stop();
    await pods.stop();
  }
}

/** A gateway listens before its first look at the cluster is complete. */
async function untilKnown(url: string): Promise<void> {
  const deadline = performance.now() + known.withinMs;
  for (;;) {
    const answer = await fetch(url, { method: 'POST', headers, body });
    const text = await answer.text();
    if (answer.ok) return;
    if (performance.now() > deadline) {
      throw new Error(`the gateway does not know its endpoints: ${answer.status} ${text}`);
    }
    await sleep(known.everyMs);
  }
}
