/** Owns the suite `scale`: an operator with ten thousand endpoints on a real control plane (design §8). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGoProgram } from '../../../e2e/harness/go-program.ts';
import { inOwnNetwork } from '../../../e2e/harness/network-namespace.ts';
import { controlPlaneProgram } from '../../../e2e/harness/programs.ts';
import { buildBundles } from '../../../image/bundles.ts';
import { isQuick } from '../pace.ts';
import type { SuiteReport } from '../suite-report.ts';
import type { ScaleFigures } from './figures.ts';
import { makeScaleReport } from './report.ts';

/** `BENCH_ENDPOINTS` makes a run of another size. */
const endpoints = Number(process.env['BENCH_ENDPOINTS'] ?? (isQuick ? 20 : 10_000));

/** Runs the suite; ten thousand endpoints take about a quarter of an hour, most of it to make them. */
export async function runScaleSuite(): Promise<SuiteReport> {
  await buildBundles('image');
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  try {
    const options = { logFile: join(directory, 'go.log'), signal: new AbortController().signal };
    const build = await buildGoProgram(controlPlaneProgram, options);
    if ('missing' in build) throw new Error(build.missing);
    return makeScaleReport(measureApart(build.path, directory));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The control plane has a network of its own, so what speaks to it is a process there. */
function measureApart(program: string, directory: string): ScaleFigures {
  const script = join(import.meta.dirname, 'measure.ts');
  const [command, ...args] = inOwnNetwork([process.execPath, script, program, directory, String(endpoints)]);
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`the measurement ended with exit status ${status}`);
  return JSON.parse(stdout) as ScaleFigures;
}
