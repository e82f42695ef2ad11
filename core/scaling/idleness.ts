/** Owns the proof of idleness: without reports from every pod over the whole time, nothing is known to be idle. */
import type { DeploymentDemand } from './demand-book.ts';

export interface IdlenessInput {
  readonly demand: DeploymentDemand | undefined;
  /** Every pod of the Deployment that can have served a request. */
  readonly pods: readonly string[];
  /** Since when the Deployment has been ready; undefined while it is not. */
  readonly readySince: number | undefined;
}

/**
 * Returns since when a Deployment has provably seen no demand, in the time of the reports; undefined where that cannot
 * be said. A pod counts from its first report without a gap since, so that a fresh leader, a restarted sidecar or a
 * new pod starts the time anew.
 */
export function idleSince(input: IdlenessInput): number | undefined {
  const { demand, pods, readySince } = input;
  if (demand === undefined || readySince === undefined || pods.length === 0) return undefined;
  const heardSince = new Map<string, number>();
  for (const { pod, source, continuousSince } of demand.reporters) {
    if (source !== 'sidecar') continue;
    // A restarted sidecar is known twice for a while; the newer process is the one that reports.
    heardSince.set(pod, Math.max(continuousSince, heardSince.get(pod) ?? 0));
  }
  let since = Math.max(readySince, demand.lastDemandAt ?? 0);
  for (const pod of pods) {
    const heard = heardSince.get(pod);
    if (heard === undefined) return undefined;
    since = Math.max(since, heard);
  }
  return since;
}
