/** Owns `npm run bench`: runs the benchmarks one after the other, prints the figures and writes them to results/. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBundles } from '../../image/bundles.ts';
import { startBenchCluster } from './fairlead.ts';
import { measureProxyCpu } from './proxy-cpu.ts';
import { makeReport } from './report.ts';
import { findTool } from './tools.ts';
import { measureWakeUp } from './wake-up.ts';

['nginx', 'wrk'].forEach(findTool);
await buildBundles('image');
const directory = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
const loadAtStart = loadavg()[0] ?? Number.NaN;
const bench = await startBenchCluster(directory);
try {
  const proxies = await measureProxyCpu(bench);
  const wakeUp = await measureWakeUp(bench);
  const report = makeReport({
    machine: `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Linux ${release()}`,
    versions: `Node ${process.version}, ${nginxVersion()}`,
    loadAverages: [loadAtStart, loadavg()[0] ?? Number.NaN],
    proxies,
    wakeUp,
  });
  const results = join(import.meta.dirname, 'results');
  writeFileSync(join(results, 'latest.json'), `${JSON.stringify(report.figures, null, 2)}\n`);
  writeFileSync(join(results, 'latest.md'), report.table);
  console.log(report.table);
} finally {
  await bench.stop();
  rmSync(directory, { recursive: true });
}

function nginxVersion(): string {
  // nginx prints its version on standard error.
  return execFileSync('sh', ['-c', `${findTool('nginx')} -v 2>&1`])
    .toString()
    .trim()
    .replace('nginx version: ', '');
}
