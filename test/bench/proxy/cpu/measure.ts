/** Owns the measurement of CPU time per request: every entry of the lineup, one after the other, in several rounds. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MeasuredProcess } from '../../measured-process.ts';
import { pace } from '../../pace.ts';
import { startBackend } from '../contestants/nginx.ts';
import { freePort } from '../free-port.ts';
import { runLoad } from '../load/wrk.ts';
import type { LoadResult } from '../load/wrk.ts';
import type { Bench } from '../with-bench.ts';
import { makeLineup } from './lineup.ts';
import type { Entry, Measured } from './lineup.ts';
import type { Programs } from './programs.ts';

/** Of one process in one round. */
export interface Sample extends Pick<Measured, 'proxy' | 'shape'> {
  readonly round: number;
  readonly microsecondsPerRequest: number;
  /** Before its first request, and after the load. */
  readonly idleMiB: number;
  readonly loadedMiB: number;
  /** Of everything that the request went through. */
  readonly load: LoadResult;
}

/** A gateway listens before its first look at the cluster is complete. */
const settleMs = 2_000;

/** Measures everybody; each round goes through the whole lineup, so that what drifts hits all alike. */
export async function measureCpu(bench: Bench, programs: Programs): Promise<Sample[]> {
  const modelPort = await freePort();
  const model = await startBackend(modelPort, bench.directory);
  const samples: Sample[] = [];
  try {
    for (let round = 1; round <= pace.rounds; round += 1) {
      for (const entry of makeLineup(bench, programs, modelPort)) {
        console.error(`bench: round ${round} of ${pace.rounds}: ${entry.title}`);
        const measured = await measureEntry(bench.directory, entry);
        samples.push(...measured.map((sample) => ({ ...sample, round })));
      }
    }
  } finally {
    await model.stop();
  }
  return samples;
}

async function measureEntry(directory: string, entry: Entry): Promise<Omit<Sample, 'round'>[]> {
  const { aim, measured, beside } = await entry.start();
  const processes = measured.map(({ process }) => process);
  try {
    await sleep(settleMs);
    const idleMiB = processes.map((process) => process.residentMiB());
    await runLoad(aim, pace.warmUpSeconds, directory);
    const { load, microsecondsPerRequest } = await loadAndCount(entry.title, processes, () =>
      runLoad(aim, pace.measureSeconds, directory),
    );
    return measured.map(({ proxy, shape, process }, index) => ({
      proxy,
      shape,
      microsecondsPerRequest: microsecondsPerRequest[index] ?? Number.NaN,
      idleMiB: idleMiB[index] ?? Number.NaN,
      loadedMiB: process.residentMiB(),
      load,
    }));
  } finally {
    for (const process of [...processes, ...beside]) await process.stop();
  }
}

/**
 * Runs a load and counts what each process used for it.
 *
 * @throws Error when a request failed: the figures would mean nothing.
 */
export async function loadAndCount(
  title: string,
  processes: readonly MeasuredProcess[],
  run: () => Promise<LoadResult>,
): Promise<{ load: LoadResult; microsecondsPerRequest: number[] }> {
  const before = processes.map((process) => process.cpuMicroseconds());
  const load = await run();
  if (load.errors > 0) {
    throw new Error(`${title}: ${load.errors} requests failed: the figures would mean nothing`);
  }
  const microsecondsPerRequest = processes.map(
    (process, index) => (process.cpuMicroseconds() - (before[index] ?? 0)) / load.requests,
  );
  return { load, microsecondsPerRequest };
}
