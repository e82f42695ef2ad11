/** Owns the suite `latency`: what gateway and sidecar add to the time of a request that nobody is in line before. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pace } from '../../pace.ts';
import type { SuiteReport } from '../../suite-report.ts';
import { buildTool, goVersion, vegetaProgram } from '../../tools/go-tools.ts';
import { installEnvoy } from '../../tools/envoy.ts';
import { checkTools, findTool } from '../../tools/find-tool.ts';
import { versionOf } from '../../tools/version-of.ts';
import { envoyFrom } from '../contestants/envoy.ts';
import type { StartProxy } from '../contestants/hop.ts';
import { startBackend } from '../contestants/nginx.ts';
import { freePort } from '../free-port.ts';
import { runLoad } from '../load/wrk.ts';
import { startFairleadPair, startPair, stopPair } from '../pair.ts';
import type { Pair } from '../pair.ts';
import { withBench } from '../with-bench.ts';
import type { Bench } from '../with-bench.ts';
import { makeLatencyReport } from './report.ts';
import type { LatencySamples } from './report.ts';
import { attack } from './vegeta.ts';
import type { Latency } from './vegeta.ts';

const perSecond = 1_000;
const settleMs = 2_000;

/** Runs the suite; it takes about three minutes. Without Go it is left out. */
export async function runLatencySuite(): Promise<SuiteReport> {
  checkTools(['nginx', 'wrk']);
  const build = await buildTool(vegetaProgram);
  if ('missing' in build) {
    const leftOut = [`Everything: ${build.missing}.`];
    return { figures: {}, ratios: {}, verdicts: [], text: '', leftOut, versions: {} };
  }
  const envoy = await installEnvoy();
  const samples = await withBench((bench) => measure(bench, envoyFrom(envoy), build.path));
  return makeLatencyReport(samples, perSecond, {
    nginx: versionOf(findTool('nginx'), '-v'),
    Envoy: versionOf(envoy, '--version'),
    vegeta: `${vegetaProgram.variables['main.Version'] ?? ''} (${goVersion()})`,
  });
}

async function measure(bench: Bench, envoy: StartProxy, vegeta: string): Promise<LatencySamples> {
  const modelPort = await freePort();
  const model = await startBackend(modelPort, bench.directory);
  const direct: Latency[] = [];
  const [viaEnvoy, viaFairlead]: [Latency[], Latency[]] = [[], []];
  try {
    for (let round = 1; round <= pace.rounds; round += 1) {
      console.error(`bench: round ${round} of ${pace.rounds}: latency at ${perSecond} requests/s`);
      direct.push(await measureWay(bench, vegeta, `http://127.0.0.1:${modelPort}`, '/invocations'));
      const both = { modelPort, edge: envoy, inner: envoy };
      viaEnvoy.push(await measurePair(bench, vegeta, await startPair(bench, both)));
      viaFairlead.push(await measurePair(bench, vegeta, await startFairleadPair(bench, modelPort)));
    }
  } finally {
    await model.stop();
  }
  return { direct, Envoy: viaEnvoy, Fairlead: viaFairlead };
}

async function measurePair(bench: Bench, vegeta: string, pair: Pair): Promise<Latency> {
  try {
    await sleep(settleMs);
    return await measureWay(bench, vegeta, pair.origin, pair.path);
  } finally {
    await stopPair(pair);
  }
}

/** Warm code first: at the rate of the measurement that would take minutes. */
async function measureWay(
  { directory }: Bench,
  vegeta: string,
  origin: string,
  path: string,
): Promise<Latency> {
  await runLoad({ origin, paths: [path] }, pace.warmUpSeconds, directory);
  return attack(vegeta, origin + path, { perSecond, seconds: pace.latencySeconds, directory });
}
