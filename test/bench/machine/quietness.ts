/** Owns the verdict on whether a machine was quiet enough for its figures to be kept. */
import type { Idleness, Shares } from './facts.ts';

export interface Surroundings {
  readonly before: Idleness;
  readonly during: Shares;
  readonly after: Idleness;
}

/** Above these, ratios of one run drift by more than what `compare` reports. */
const most = { others: 0.08, stolen: 0.02 };

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/**
 * Returns why the machine was not quiet, each a sentence; empty: it was. Load averages do not count: they are those of
 * the suite before, or of the run itself.
 */
export function checkQuietness({ before, during, after }: Surroundings): string[] {
  const times = { before: before.others, during: during.others, after: after.others };
  return [
    ...Object.entries(times)
      .filter(([, others]) => others > most.others)
      .map(([when, others]) => `Others used ${percent(others)} of the cores ${when} the run.`),
    ...(during.stolen > most.stolen
      ? [`The hypervisor took ${percent(during.stolen)} of the cores' time.`]
      : []),
  ];
}
