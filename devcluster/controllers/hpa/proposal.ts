/** Owns how many replicas one external metric asks for: the arithmetic of autoscaling/v2, in whole numbers. Pure. */
import { divideUp } from '../../apiserver/objects/quantity.ts';

export interface MetricReading {
  /** `AverageValue` divides the metric over the pods, `Value` compares it as a whole. */
  readonly type: 'AverageValue' | 'Value';
  /** Thousandths. */
  readonly target: bigint;
  /** The values that the metrics API returned, in thousandths; they add up. */
  readonly values: readonly bigint[];
}

export interface TargetState {
  /** `spec.replicas` of the scale target. */
  readonly specReplicas: number;
  /** `status.replicas` of the scale target. */
  readonly statusReplicas: number;
  readonly readyPods: number;
  /** How far the metric may be from its target before anything changes, in thousandths; Kubernetes' default is 100. */
  readonly tolerance: { readonly up: bigint; readonly down: bigint };
}

export interface Proposal {
  readonly replicas: number;
  /** What the status shows as current, in thousandths: the average over pods, or the whole value. */
  readonly current: bigint;
}

export const defaultTolerance = 100n;

/** Returns the replicas that the metric asks for, before stabilisation and limits. */
export function proposeReplicas(reading: MetricReading, state: TargetState): Proposal {
  const usage = reading.values.reduce((sum, value) => sum + value, 0n);
  return reading.type === 'AverageValue'
    ? proposeByAverage(usage, reading.target, state)
    : proposeByValue(usage, reading.target, state);
}

function proposeByAverage(usage: bigint, target: bigint, state: TargetState): Proposal {
  const pods = BigInt(state.statusReplicas);
  const current = pods === 0n ? 0n : divideUp(usage, pods);
  if (pods > 0n && isWithinTolerance(usage, target * pods, state)) {
    return { replicas: state.statusReplicas, current };
  }
  return { replicas: Number(divideUp(usage, target)), current };
}

function proposeByValue(usage: bigint, target: bigint, state: TargetState): Proposal {
  if (state.specReplicas === 0) return { replicas: Number(divideUp(usage, target)), current: usage };
  if (isWithinTolerance(usage, target, state)) return { replicas: state.specReplicas, current: usage };
  // Pods that are not ready do not share the load that was measured.
  return { replicas: Number(divideUp(usage * BigInt(state.readyPods), target)), current: usage };
}

function isWithinTolerance(usage: bigint, wanted: bigint, { tolerance }: TargetState): boolean {
  const difference = usage - wanted;
  return difference >= 0n
    ? difference * 1000n <= tolerance.up * wanted
    : -difference * 1000n <= tolerance.down * wanted;
}

/**
 * Returns the largest proposal: each metric alone must be satisfied. Where some metrics could not be read, the rest may
 * scale up but not down; undefined means that nothing may change.
 */
export function combineProposals(
  proposals: readonly (Proposal | undefined)[],
  specReplicas: number,
): number | undefined {
  const known = proposals.filter((proposal) => proposal !== undefined);
  if (known.length === 0) return undefined;
  const largest = Math.max(...known.map(({ replicas }) => replicas));
  return known.length < proposals.length && largest < specReplicas ? undefined : largest;
}
