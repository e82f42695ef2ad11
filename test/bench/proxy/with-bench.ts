/** Owns what every suite of the request path begins with and leaves nothing of: bundles, a cluster, a scratch folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBundles } from '../../../image/bundles.ts';
import { startBenchCluster } from './fairlead/bench-cluster.ts';
import type { BenchCluster } from './fairlead/bench-cluster.ts';

export interface Bench extends BenchCluster {
  /** For scratch files. */
  readonly directory: string;
}

/** Runs `measure` on the bundles of now. */
export async function withBench<Figures>(measure: (bench: Bench) => Promise<Figures>): Promise<Figures> {
  await buildBundles('image');
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const cluster = await startBenchCluster();
  try {
    return await measure({ ...cluster, directory });
  } finally {
    await cluster.stop();
    rmSync(directory, { recursive: true });
  }
}
