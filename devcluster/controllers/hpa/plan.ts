/** Owns what an autoscaler does in one look: the size it wants, and the conditions that say why. Pure. */
import type { Autoscaler, AutoscalerSpec, AutoscalerStatus } from '../objects/kinds.ts';
import { timestamp } from '../objects/kinds.ts';
import type { ScalingHistory } from './behavior.ts';
import { behaviorOf, decideReplicas } from './behavior.ts';
import type { ConditionInput } from './conditions.ts';
import {
  decided,
  metricFound,
  metricsUnavailable,
  scaledToZero,
  scaleRead,
  scalingDisabled,
  tookToZero,
  withConditions,
} from './conditions.ts';
import type { Proposal } from './proposal.ts';
import { combineProposals } from './proposal.ts';

/** What the metrics said. */
export interface Readings {
  /** One for each metric of the spec; undefined where it could not be read. */
  readonly proposals: readonly (Proposal | undefined)[];
  readonly names: readonly string[];
  readonly failures: readonly string[];
  /** As the status shows them. */
  readonly metrics: NonNullable<AutoscalerStatus['currentMetrics']>;
}

export interface ScalePlan {
  readonly current: number;
  readonly desired: number;
  readonly conditions: readonly ConditionInput[];
  readonly history: ScalingHistory;
  /** Why the size changes, for the event. */
  readonly why: string;
  /** Set where metrics could not be read and so nothing changes. */
  readonly failure?: string;
  readonly metrics?: Readings['metrics'];
}

type Autoscaled = Pick<Autoscaler, 'spec' | 'status'>;

const followsWorkload = ({ metrics = [] }: AutoscalerSpec): boolean =>
  metrics.some(({ type }) => type === 'External' || type === 'Object');

/** At zero scaling is off, but for an autoscaler that went there itself: it comes back by its metrics, or its minimum. */
function comesBackItself({ spec, status }: Autoscaled): boolean {
  return tookToZero(status) && (spec.minReplicas !== 0 || followsWorkload(spec));
}

/** Whether the metrics matter: not at zero, where scaling is off, nor outside of the limits, which are kept first. */
export function needsMetrics(autoscaler: Autoscaled, current: number): boolean {
  const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec;
  return current === 0 ? comesBackItself(autoscaler) : current <= max && current >= min;
}

/** Returns the next size; `readings` is empty where `needsMetrics` says so. */
export function planScale(
  autoscaler: Autoscaled,
  current: number,
  readings: Readings,
  history: ScalingHistory,
  now: number,
): ScalePlan {
  const { spec } = autoscaler;
  const { minReplicas: min = 1, maxReplicas: max } = spec;
  const unchanged = { current, desired: current, history, why: '' };
  if (current === 0 && !comesBackItself(autoscaler)) {
    return { ...unchanged, conditions: [scaleRead, scalingDisabled] };
  }
  if (current > max) {
    const why = 'Current number of replicas above Spec.MaxReplicas';
    return { ...unchanged, desired: max, conditions: [scaleRead], why };
  }
  if (current !== 0 && current < min) {
    const why = 'Current number of replicas below Spec.MinReplicas';
    return { ...unchanged, desired: min, conditions: [scaleRead], why };
  }
  const { proposals, failures, names, metrics } = readings;
  const wanted = combineProposals(proposals, current);
  if (wanted === undefined) {
    const [first = 'the autoscaler has no metrics'] = failures;
    const count = `${failures.length} invalid out of ${proposals.length}`;
    const failure = `invalid metrics (${count}), first error is: ${first}`;
    const conditions = [scaleRead, metricsUnavailable('FailedGetExternalMetric', first)];
    return { ...unchanged, conditions, failure, metrics };
  }
  const decision = decideReplicas(wanted, behaviorOf(spec), history, { current, min, max, now });
  const metric = names[proposals.findIndex((proposal) => proposal?.replicas === wanted)] ?? '';
  return {
    current,
    desired: decision.replicas,
    conditions: [metricFound(metric), ...decided(decision)],
    history: decision.history,
    why: wanted > current ? `${metric} above target` : 'All metrics below target',
    metrics,
  };
}

/** Returns what a change of the size says about zero. */
export const zeroOf = (spec: AutoscalerSpec, { current, desired }: ScalePlan): ConditionInput =>
  scaledToZero(current > 0 && desired === 0 && spec.minReplicas === 0 && followsWorkload(spec));

export interface StatusInput {
  readonly current?: number;
  readonly desired?: number;
  readonly conditions: readonly ConditionInput[];
  readonly metrics?: Readings['metrics'] | undefined;
  /** The size was changed just now. */
  readonly rescaled?: boolean;
}

/** Returns the status after one look; what the look did not find out stays as it was. */
export function statusOf(
  { metadata, status }: Autoscaler,
  input: StatusInput,
  now: number,
): AutoscalerStatus {
  const { generation } = metadata;
  const before = { currentReplicas: 0, desiredReplicas: 0, currentMetrics: [], conditions: [], ...status };
  const { currentReplicas, desiredReplicas, currentMetrics, conditions } = before;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(status?.lastScaleTime === undefined ? {} : { lastScaleTime: status.lastScaleTime }),
    ...(input.rescaled === true ? { lastScaleTime: timestamp(now) } : {}),
    currentReplicas: input.current ?? currentReplicas,
    desiredReplicas: input.desired ?? desiredReplicas,
    currentMetrics: input.metrics ?? currentMetrics,
    conditions: withConditions(conditions, input.conditions, now),
  };
}
