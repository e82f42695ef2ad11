/** Owns what the average is told as to whoever scales by it, so that no replica goes by ignorance. */
import type { DeploymentDemand } from './demand-book.ts';
import type { ScalingRules } from './scaling-rules.ts';

export interface ToldConcurrencyInput {
  /** Summed over the pods. */
  readonly concurrency: number;
  /** Whether that is the average over a whole window. */
  readonly isSettled: boolean;
  readonly replicas: number;
  readonly rules: Pick<ScalingRules, 'targetMilli'>;
  /** Whether it has been idle for so long that it may go to zero. */
  readonly mayGoToZero: boolean;
}

/** Asks for one replica, and so keeps the last one. */
const traceOfDemand = 0.001;

/**
 * Returns the concurrency as it is told. A window that is younger than its length (a new pod, a leader that nobody told
 * what was before) speaks for more replicas but never for fewer. What may not go to zero yet never reads as none.
 */
export function toldConcurrency(input: ToldConcurrencyInput): number {
  const { concurrency, isSettled, replicas, rules, mayGoToZero } = input;
  if (mayGoToZero) return 0;
  const asItIs = (replicas * rules.targetMilli) / 1000;
  return Math.max(concurrency, isSettled ? 0 : asItIs, traceOfDemand);
}

/** Longer than proxies take to report that somebody waits. */
const presentMs = 3_000;

/**
 * Returns the concurrency of a Deployment at zero: none, also where nobody has reported, because there is no replica to
 * be taken away by ignorance. What was asked before it went there must not bring it back; the gateway does, for the
 * request that it holds. While it holds one, none would take the replica away that it has just asked for.
 */
export function toldAtZero(demand: DeploymentDemand | undefined, now: number): number {
  const { lastDemandAt = -Infinity, stableAverage = 0 } = demand ?? {};
  return now - lastDemandAt <= presentMs ? Math.max(stableAverage, traceOfDemand) : 0;
}
