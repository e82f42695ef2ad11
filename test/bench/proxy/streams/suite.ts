/** Owns the suite `streams`: the memory that open, idle streams take in each process. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pace } from '../../pace.ts';
import type { SuiteReport } from '../../suite-report.ts';
import { installEnvoy } from '../../tools/envoy.ts';
import { versionOf } from '../../tools/version-of.ts';
import { envoyFrom } from '../contestants/envoy.ts';
import type { StartProxy } from '../contestants/hop.ts';
import { startFairleadPair, startPair, stopPair } from '../pair.ts';
import type { Pair } from '../pair.ts';
import { withBench } from '../with-bench.ts';
import type { Bench } from '../with-bench.ts';
import { openStreams, startStreamingModel } from './open-streams.ts';
import { makeStreamsReport } from './report.ts';
import type { StreamsRow } from './report.ts';

/** The sidecar's limit on concurrency is off: all streams are open at the model at one time. */
const unlimited = 0;
const settleMs = 3_000;
/** Opened and closed before memory is read first: code and pools are there then. */
const warmUpStreams = Math.ceil(pace.streams / 20);

/** Runs the suite; it takes about a minute. */
export async function runStreamsSuite(): Promise<SuiteReport> {
  const envoy = await installEnvoy();
  const rows = await withBench((bench) => measure(bench, envoyFrom(envoy)));
  return makeStreamsReport(rows, pace.streams, { Envoy: versionOf(envoy, '--version') });
}

async function measure(bench: Bench, envoy: StartProxy): Promise<StreamsRow[]> {
  const model = await startStreamingModel();
  const modelPort = model.port;
  try {
    const both = { modelPort, edge: envoy, inner: envoy };
    const others = await measurePair(await startPair(bench, both), ['Envoy edge', 'Envoy inner']);
    const pair = await startFairleadPair(bench, modelPort, { concurrency: unlimited });
    return [...others, ...(await measurePair(pair, ['Fairlead gateway', 'Fairlead sidecar']))];
  } finally {
    await model.stop();
  }
}

async function measurePair(pair: Pair, names: readonly [edge: string, inner: string]): Promise<StreamsRow[]> {
  console.error(`bench: ${pace.streams} idle streams, ${names.join(' and ')}`);
  const url = pair.origin + pair.path;
  const processes = [pair.edge, pair.inner];
  try {
    await sleep(settleMs);
    const warmUp = await openStreams(url, warmUpStreams);
    warmUp.close();
    await sleep(settleMs);
    const without = processes.map((process) => process.residentMiB());
    const streams = await openStreams(url, pace.streams);
    await sleep(settleMs);
    const rows = processes.map((process, index) => ({
      process: names[index] ?? '',
      withoutMiB: without[index] ?? Number.NaN,
      withMiB: process.residentMiB(),
    }));
    streams.close();
    return rows;
  } finally {
    await stopPair(pair);
  }
}
