/** Owns the verdict on whether a machine was quiet enough for its figures to be kept. */
import type { Idleness } from './facts.ts';

export interface Surroundings {
  readonly cores: number;
  readonly before: Idleness;
  readonly after: Idleness;
  /** Share of the cores' time, from 0 to 1, that the hypervisor took during the run. */
  readonly stolen: number;
}

/** Above these, ratios of one run drift by more than what `compare` reports. */
const most = { loadPerCore: 0.5, busy: 0.08, stolen: 0.02 };

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/** Returns why the machine was not quiet, each a sentence; empty: it was. The load after a run is the run's own. */
export function checkQuietness({ cores, before, after, stolen }: Surroundings): string[] {
  const loadAllowed = most.loadPerCore * cores;
  return [
    before.load > loadAllowed
      ? `The load average before the run was ${before.load.toFixed(1)}, more than ${loadAllowed.toFixed(1)}.`
      : undefined,
    before.busy > most.busy ? `Others used ${percent(before.busy)} of the cores before the run.` : undefined,
    after.busy > most.busy ? `Others used ${percent(after.busy)} of the cores after the run.` : undefined,
    stolen > most.stolen ? `The hypervisor took ${percent(stolen)} of the cores' time.` : undefined,
  ].filter((reason) => reason !== undefined);
}
