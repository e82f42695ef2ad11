/** Owns the suite `proxy`: what a request costs in gateway and sidecar beside other proxies, and what waking costs. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBundles } from '../../../image/bundles.ts';
import { machine } from '../machine.ts';
import type { SuiteReport } from '../suite-report.ts';
import { findTool } from '../tools.ts';
import { startBenchCluster } from './fairlead.ts';
import { measureProxyCpu } from './proxy-cpu.ts';
import { makeReport } from './report.ts';
import { measureWakeUp } from './wake-up.ts';

/** Runs the suite; it takes about a minute, and both cores. */
export async function runProxySuite(): Promise<SuiteReport> {
  ['nginx', 'wrk'].forEach(findTool);
  await buildBundles('image');
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const loadAtStart = loadavg()[0] ?? Number.NaN;
  const bench = await startBenchCluster(directory);
  try {
    const proxies = await measureProxyCpu(bench);
    const wakeUp = await measureWakeUp(bench);
    return makeReport({
      machine: machine(),
      versions: `Node ${process.version}, ${nginxVersion()}`,
      loadAverages: [loadAtStart, loadavg()[0] ?? Number.NaN],
      proxies,
      wakeUp,
    });
  } finally {
    await bench.stop();
    rmSync(directory, { recursive: true });
  }
}

function nginxVersion(): string {
  // nginx prints its version on standard error.
  return execFileSync('sh', ['-c', `${findTool('nginx')} -v 2>&1`])
    .toString()
    .trim()
    .replace('nginx version: ', '');
}
