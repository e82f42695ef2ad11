/** Owns the proof of idleness: without reports from every pod over the whole time, nothing is known to be idle. */
import type { DeploymentDemand } from './demand-book.ts';

export interface IdlenessInput {
  readonly demand: DeploymentDemand | undefined;
  /** Every pod of the Deployment that can have served a request. */
  readonly pods: readonly string[];
  /** Since when the Deployment has been ready and has had traffic; undefined while it lacks either. */
  readonly answersSince: number | undefined;
}

/**
 * Returns for how many milliseconds a Deployment has provably seen no demand; undefined where that cannot be said. A
 * pod counts from its first report without a gap since, so that a fresh leader, a restarted sidecar or a new pod starts
 * the time anew, and up to its newest report: a proxy that fell silent may have been busy ever since.
 */
export function provenIdleMs(input: IdlenessInput): number | undefined {
  const { demand, pods, answersSince } = input;
  if (demand === undefined || answersSince === undefined || pods.length === 0) return undefined;
  const newest = new Map<string, DeploymentDemand['reporters'][number]>();
  for (const reporter of demand.reporters) {
    if (reporter.source !== 'sidecar') continue;
    const known = newest.get(reporter.pod);
    // A restarted sidecar is known twice for a while; the newer process is the one that reports.
    if (known === undefined || reporter.continuousSince > known.continuousSince) {
      newest.set(reporter.pod, reporter);
    }
  }
  let since = Math.max(answersSince, demand.lastDemandAt ?? -Infinity);
  let until = Infinity;
  for (const pod of pods) {
    const reporter = newest.get(pod);
    if (reporter === undefined) return undefined;
    since = Math.max(since, reporter.continuousSince);
    until = Math.min(until, reporter.lastAt);
  }
  return Math.max(0, until - since);
}
