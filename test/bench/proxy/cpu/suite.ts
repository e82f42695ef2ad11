/** Owns the suite `proxy`: what a request costs in gateway and sidecar beside other proxies. */
import type { SuiteReport } from '../../suite-report.ts';
import { withBench } from '../with-bench.ts';
import { measureCpu } from './measure.ts';
import { findPrograms } from './programs.ts';
import { makeCpuReport } from './report.ts';

/** Runs the suite; it takes about ten minutes, and both cores of two. */
export async function runProxySuite(): Promise<SuiteReport> {
  const programs = await findPrograms();
  return makeCpuReport(await withBench((bench) => measureCpu(bench, programs)), programs);
}
