/** Owns the conditions of an autoscaler, in the words of the Kubernetes controller. Pure. */
import type { AutoscalerStatus } from '../objects/kinds.ts';
import { timestamp } from '../objects/kinds.ts';
import type { Decision } from './behavior.ts';

type Condition = NonNullable<AutoscalerStatus['conditions']>[number];
export type ConditionInput = Pick<Condition, 'type' | 'status'> & { reason: string; message: string };

const messages: Record<string, string> = {
  ScaleUpStabilized:
    'recent recommendations were lower than current one, applying the lowest recent recommendation',
  ScaleDownStabilized:
    'recent recommendations were higher than current one, applying the highest recent recommendation',
  ScaleUpLimit: 'the desired replica count is increasing faster than the maximum scale rate',
  ScaleDownLimit: 'the desired replica count is decreasing faster than the maximum scale rate',
  TooManyReplicas: 'the desired replica count is more than the maximum replica count',
  TooFewReplicas: 'the desired replica count is less than the minimum replica count',
};

export const scaleRead: ConditionInput = {
  type: 'AbleToScale',
  status: 'True',
  reason: 'SucceededGetScale',
  message: "the HPA controller was able to get the target's current scale",
};

export function scaleUnreadable(why: string): ConditionInput {
  const message = `the HPA controller was unable to get the target's current scale: ${why}`;
  return { type: 'AbleToScale', status: 'False', reason: 'FailedGetScale', message };
}

export const scalingDisabled: ConditionInput = {
  type: 'ScalingActive',
  status: 'False',
  reason: 'ScalingDisabled',
  message: 'scaling is disabled since the replica count of the target is zero',
};

export function metricsUnavailable(reason: string, why: string): ConditionInput {
  const message = `the HPA was unable to compute the replica count: ${why}`;
  return { type: 'ScalingActive', status: 'False', reason, message };
}

export function metricFound(metric: string): ConditionInput {
  const message = `the HPA was able to successfully calculate a replica count from ${metric}`;
  return { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound', message };
}

export function rescaled(replicas: number): ConditionInput {
  const message = `the HPA controller was able to update the target scale to ${replicas}`;
  return { type: 'AbleToScale', status: 'True', reason: 'SucceededRescale', message };
}

const scaledToZeroType = 'ScaledToZero';

/** From Kubernetes 1.37 on each change says whether the autoscaler itself took its target to zero. */
export const scaledToZero = (itDid: boolean): ConditionInput =>
  itDid
    ? {
        type: scaledToZeroType,
        status: 'True',
        reason: 'ScaledToZero',
        message: 'the HPA controller scaled the workload to zero',
      }
    : {
        type: scaledToZeroType,
        status: 'False',
        reason: 'NotScaledToZero',
        message: 'the HPA controller did not scale the workload to zero',
      };

/** Returns whether the autoscaler has taken its target to zero, as far as its status tells. */
export const tookToZero = (status: AutoscalerStatus | undefined): boolean =>
  status?.conditions?.some(({ type, status: told }) => type === scaledToZeroType && told === 'True') === true;

export function notRescaled(why: string): ConditionInput {
  const message = `the HPA controller was unable to update the target scale: ${why}`;
  return { type: 'AbleToScale', status: 'False', reason: 'FailedUpdateScale', message };
}

/** Returns what a decision means for AbleToScale and ScalingLimited. */
export function decided({ stabilized, limited }: Decision): ConditionInput[] {
  const able =
    stabilized === undefined
      ? { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
      : { reason: stabilized, message: messages[stabilized] ?? '' };
  const limit =
    limited === undefined
      ? {
          status: 'False',
          reason: 'DesiredWithinRange',
          message: 'the desired count is within the acceptable range',
        }
      : { status: 'True', reason: limited, message: messages[limited] ?? '' };
  return [
    { type: 'AbleToScale', status: 'True', ...able },
    { type: 'ScalingLimited', ...limit },
  ];
}

/** Returns `conditions` with `next` set; the transition time changes with the status alone. */
export function withConditions(
  conditions: readonly Condition[],
  next: readonly ConditionInput[],
  now: number,
): Condition[] {
  const merged = new Map(conditions.map((condition) => [condition.type, condition]));
  for (const condition of next) {
    const before = merged.get(condition.type);
    const unchanged = before?.status === condition.status ? before.lastTransitionTime : undefined;
    merged.set(condition.type, { ...condition, lastTransitionTime: unchanged ?? timestamp(now) });
  }
  return [...merged.values()];
}
