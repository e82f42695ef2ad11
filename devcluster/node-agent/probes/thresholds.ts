/** Owns how single probe results become a verdict: so many in a row, as the probe's thresholds say. Pure. */
import type { Probe } from '../../controllers/objects/kinds.ts';

/** How often the newest result has been seen in a row. */
export interface ProbeRun {
  readonly result: boolean | undefined;
  readonly count: number;
}

export const noProbeRun: ProbeRun = { result: undefined, count: 0 };

/** Returns the run with `result` added, and the verdict where its threshold is reached. */
export function addResult(
  run: ProbeRun,
  result: boolean,
  probe: Pick<Probe, 'successThreshold' | 'failureThreshold'>,
): { readonly run: ProbeRun; readonly verdict: boolean | undefined } {
  const count = run.result === result ? run.count + 1 : 1;
  const threshold = result ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  return { run: { result, count }, verdict: count >= threshold ? result : undefined };
}
