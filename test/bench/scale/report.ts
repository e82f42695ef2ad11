/** Owns how the figures of the suite `scale` are shown, beside the budgets of design §8. */
import type { SuiteReport } from '../suite-report.ts';
import type { ScaleFigures } from './figures.ts';

const budget = { resyncMs: 30_000, aimMs: 10_000, writes: 0, memoryMiB: 400 };

/** Returns the figures in both forms. */
export function makeScaleReport(figures: ScaleFigures): SuiteReport {
  const written = Object.values(figures.writes).reduce((sum, count) => sum + count, 0);
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
  const kept = (is: boolean): string => (is ? 'yes' : 'no');
  const text = `${figures.endpoints} endpoints of one entity each, Ready, on etcd and kube-apiserver of Kubernetes
1.37.2, which share the machine with the operator. Deployment controller and kubelet are played: one pod each, without a
process.

| what | measured | budget | kept |
|---|---|---|---|
| new operator: start → every endpoint reconciled | ${seconds(figures.resyncMs)} s (${seconds(figures.resyncCpuMs)} s of CPU) | ${budget.resyncMs / 1_000} s | ${kept(figures.resyncMs < budget.resyncMs)} |
| writes by it until ${seconds(figures.quietMs)} s later, when nothing changed | ${written} | ${budget.writes} | ${kept(written <= budget.writes)} |
| its memory, peak | ${figures.peakMiB.toFixed(0)} MiB | ${budget.memoryMiB} MiB | ${kept(figures.peakMiB < budget.memoryMiB)} |
| its memory, at rest | ${figures.residentMiB.toFixed(0)} MiB | | |
| its CPU at rest | ${(figures.idleCpuShare * 100).toFixed(1)} % of a core | | |
| first operator: first endpoint created → all Ready, nothing left to do | ${seconds(figures.bringUpMs)} s, peak ${figures.bringUpPeakMiB.toFixed(0)} MiB, started again ${figures.bringUpRestarts} times | | |

${
  written === 0
    ? ''
    : `Written: ${Object.entries(figures.writes)
        .map(([resource, count]) => `${resource} ${count}`)
        .join(', ')}.\n`
}`;
  return {
    figures,
    ratios: { 'operator: peak MiB': figures.peakMiB },
    verdicts: [],
    text,
    leftOut: [],
    versions: {},
  };
}
