/** Owns the suite `bodies`: what large bodies cost in time and memory, as requests and as answers. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startMeasured } from '../../measured-process.ts';
import { pace } from '../../pace.ts';
import type { SuiteReport } from '../../suite-report.ts';
import { installEnvoy } from '../../tools/envoy.ts';
import { versionOf } from '../../tools/version-of.ts';
import { envoyFrom } from '../contestants/envoy.ts';
import type { StartProxy } from '../contestants/hop.ts';
import { freePort } from '../free-port.ts';
import { startFairleadPair, startPair, stopPair } from '../pair.ts';
import type { Pair } from '../pair.ts';
import { withBench } from '../with-bench.ts';
import type { Bench } from '../with-bench.ts';
import { makeBodiesReport } from './report.ts';
import type { BodiesRow } from './report.ts';
import { largeBytes, transfer } from './transfer.ts';
import type { Direction } from './transfer.ts';

const script = join(import.meta.dirname, 'model-process.ts');
const settleMs = 2_000;
const directions: readonly Direction[] = ['up', 'down'];

interface Figures {
  readonly rows: readonly BodiesRow[];
  readonly directly: Readonly<Record<Direction, number>>;
}

/** Runs the suite; it takes about a minute. */
export async function runBodiesSuite(): Promise<SuiteReport> {
  const envoy = await installEnvoy();
  const { rows, directly } = await withBench((bench) => measure(bench, envoyFrom(envoy)));
  return makeBodiesReport(rows, directly, { Envoy: versionOf(envoy, '--version') });
}

async function measure(bench: Bench, envoy: StartProxy): Promise<Figures> {
  const modelPort = await freePort();
  const command = [process.execPath, script, String(modelPort), String(largeBytes)] as const;
  const model = await startMeasured(command, { port: modelPort });
  const rows: BodiesRow[] = [];
  const directly = { up: 0, down: 0 };
  try {
    for (const direction of directions) {
      const url = `http://127.0.0.1:${modelPort}/`;
      directly[direction] = (await transfer(url, direction, pace.bodies)) / 1e6;
      const both = { modelPort, edge: envoy, inner: envoy };
      const pair = await startPair(bench, both);
      rows.push(...(await measurePair(pair, direction, ['Envoy edge', 'Envoy inner'])));
      const ours = await startFairleadPair(bench, modelPort);
      rows.push(...(await measurePair(ours, direction, ['Fairlead gateway', 'Fairlead sidecar'])));
    }
  } finally {
    await model.stop();
  }
  return { rows, directly };
}

async function measurePair(
  pair: Pair,
  direction: Direction,
  names: readonly [edge: string, inner: string],
): Promise<BodiesRow[]> {
  console.error(`bench: large bodies ${direction}, ${names.join(' and ')}`);
  const processes = [pair.edge, pair.inner];
  try {
    await sleep(settleMs);
    const before = processes.map((process) => ({
      idleMiB: process.residentMiB(),
      cpu: process.cpuMicroseconds(),
    }));
    const bytesPerSecond = await transfer(pair.origin + pair.path, direction, pace.bodies);
    return processes.map((process, index) => ({
      direction,
      process: names[index] ?? '',
      megabytesPerSecond: bytesPerSecond / 1e6,
      cpuMicrosecondsPerMegabyte:
        (process.cpuMicroseconds() - (before[index]?.cpu ?? 0)) / ((pace.bodies * largeBytes) / 1e6),
      idleMiB: before[index]?.idleMiB ?? Number.NaN,
      peakMiB: process.peakResidentMiB(),
    }));
  } finally {
    await stopPair(pair);
  }
}
