/** Owns how fast an autoscaler moves: stabilisation windows, scaling policies, minimum and maximum. Pure. */
import type { AutoscalerSpec } from '../objects/kinds.ts';

type Rules = NonNullable<NonNullable<AutoscalerSpec['behavior']>['scaleUp']>;
type Policy = NonNullable<Rules['policies']>[number];

export interface ScalingRules {
  readonly stabilizationWindowSeconds: number;
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly Policy[];
}

export interface Behavior {
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

const defaults: Behavior = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  },
};

/** Returns the behavior of a spec with Kubernetes' documented defaults for what it leaves out. */
export function behaviorOf(spec: AutoscalerSpec): Behavior {
  return {
    scaleUp: rulesOf(spec.behavior?.scaleUp, defaults.scaleUp),
    scaleDown: rulesOf(spec.behavior?.scaleDown, defaults.scaleDown),
  };
}

function rulesOf(rules: Rules | undefined, fallback: ScalingRules): ScalingRules {
  return {
    stabilizationWindowSeconds: rules?.stabilizationWindowSeconds ?? fallback.stabilizationWindowSeconds,
    selectPolicy: (rules?.selectPolicy as ScalingRules['selectPolicy'] | undefined) ?? fallback.selectPolicy,
    policies: rules?.policies ?? fallback.policies,
  };
}

/** What the controller remembers about one autoscaler; times are milliseconds since the epoch. */
export interface ScalingHistory {
  readonly recommendations: readonly { readonly at: number; readonly replicas: number }[];
  /** Changes that were made: positive when pods were added. */
  readonly changes: readonly { readonly at: number; readonly by: number }[];
}

export const noHistory: ScalingHistory = { recommendations: [], changes: [] };

export interface Limits {
  readonly current: number;
  readonly min: number;
  readonly max: number;
  readonly now: number;
}

export interface Decision {
  readonly replicas: number;
  /** Reasons of the conditions AbleToScale and ScalingLimited. */
  readonly stabilized?: 'ScaleUpStabilized' | 'ScaleDownStabilized';
  readonly limited?: 'ScaleUpLimit' | 'ScaleDownLimit' | 'TooManyReplicas' | 'TooFewReplicas';
  readonly history: ScalingHistory;
}

/** Returns the replicas to set now that the metrics ask for `desired`, and what to remember. */
export function decideReplicas(
  desired: number,
  behavior: Behavior,
  history: ScalingHistory,
  limits: Limits,
): Decision {
  const stable = stabilize(desired, behavior, history, limits);
  const bounded = limit(stable.replicas, behavior, stable.history, limits);
  return {
    ...bounded,
    ...(stable.replicas === desired
      ? {}
      : { stabilized: desired >= limits.current ? 'ScaleUpStabilized' : 'ScaleDownStabilized' }),
    history: stable.history,
  };
}

/** Returns the history after the scale was changed from `from` to `to`. */
export function withChange(history: ScalingHistory, from: number, to: number, now: number): ScalingHistory {
  return from === to ? history : { ...history, changes: [...history.changes, { at: now, by: to - from }] };
}

/**
 * The lowest recommendation of the scale-up window holds growth back, the highest of the scale-down window holds
 * shrinking back. An autoscaler that was not seen before is taken to have recommended what there is.
 */
function stabilize(
  desired: number,
  { scaleUp, scaleDown }: Behavior,
  history: ScalingHistory,
  { current, now }: Limits,
): { replicas: number; history: ScalingHistory } {
  const upSince = now - scaleUp.stabilizationWindowSeconds * 1_000;
  const downSince = now - scaleDown.stabilizationWindowSeconds * 1_000;
  const known =
    history.recommendations.length > 0 ? history.recommendations : [{ at: now, replicas: current }];
  let lowest = desired;
  let highest = desired;
  for (const { at, replicas } of known) {
    if (at > upSince) lowest = Math.min(lowest, replicas);
    if (at > downSince) highest = Math.max(highest, replicas);
  }
  const recommendations = [
    ...known.filter(({ at }) => at > Math.min(upSince, downSince)),
    { at: now, replicas: desired },
  ];
  const replicas = Math.min(Math.max(current, lowest), highest);
  return { replicas, history: { recommendations, changes: recentChanges(history, scaleUp, scaleDown, now) } };
}

function recentChanges(
  history: ScalingHistory,
  scaleUp: ScalingRules,
  scaleDown: ScalingRules,
  now: number,
): ScalingHistory['changes'] {
  const periods = [...scaleUp.policies, ...scaleDown.policies].map(({ periodSeconds }) => periodSeconds);
  const since = now - Math.max(0, ...periods) * 1_000;
  return history.changes.filter(({ at }) => at > since);
}

function limit(
  desired: number,
  { scaleUp, scaleDown }: Behavior,
  history: ScalingHistory,
  limits: Limits,
): Pick<Decision, 'replicas' | 'limited'> {
  const { current, min, max } = limits;
  if (desired > current) {
    const fastest = Math.max(current, scaleUpLimit(scaleUp, history, limits));
    if (desired > Math.min(fastest, max)) {
      return max <= fastest
        ? { replicas: max, limited: 'TooManyReplicas' }
        : { replicas: fastest, limited: 'ScaleUpLimit' };
    }
  }
  if (desired < current) {
    const fastest = Math.min(current, scaleDownLimit(scaleDown, history, limits));
    if (desired < Math.max(fastest, min)) {
      return min >= fastest
        ? { replicas: min, limited: 'TooFewReplicas' }
        : { replicas: fastest, limited: 'ScaleDownLimit' };
    }
  }
  if (desired > max) return { replicas: max, limited: 'TooManyReplicas' };
  if (desired < min) return { replicas: min, limited: 'TooFewReplicas' };
  return { replicas: desired };
}

function scaleUpLimit(rules: ScalingRules, history: ScalingHistory, limits: Limits): number {
  if (rules.selectPolicy === 'Disabled') return limits.current;
  const proposals = rules.policies.map((policy) => {
    const start = periodStart(policy, history, limits);
    return policy.type === 'Pods' ? start + policy.value : Math.ceil((start * (100 + policy.value)) / 100);
  });
  return rules.selectPolicy === 'Min' ? Math.min(...proposals) : Math.max(...proposals);
}

function scaleDownLimit(rules: ScalingRules, history: ScalingHistory, limits: Limits): number {
  if (rules.selectPolicy === 'Disabled') return limits.current;
  const proposals = rules.policies.map((policy) => {
    const start = periodStart(policy, history, limits);
    return policy.type === 'Pods' ? start - policy.value : Math.trunc((start * (100 - policy.value)) / 100);
  });
  // The policy that allows the largest change is the one with the smallest result, and the other way round.
  return rules.selectPolicy === 'Min' ? Math.max(...proposals) : Math.min(...proposals);
}

/** Returns how many replicas there were at the beginning of the policy's period. */
function periodStart({ periodSeconds }: Policy, history: ScalingHistory, { current, now }: Limits): number {
  const since = now - periodSeconds * 1_000;
  return history.changes.filter(({ at }) => at > since).reduce((replicas, { by }) => replicas - by, current);
}
