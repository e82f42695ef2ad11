/** Owns how many replicas demand asks for, with the arithmetic of the HPA: for clusters where no HPA can read it. Pure. */
import type { ScalingDirection, ScalingRules } from './scaling-rules.ts';

/** Kubernetes' default tolerance: a tenth of the target, in either direction, changes nothing. */
const tolerance = 0.1;

/** What is remembered of one Deployment from one decision to the next; times are milliseconds of one clock. */
export interface ScalingMemory {
  /** Replicas that the demand asked for. */
  readonly recommendations: readonly { readonly at: number; readonly replicas: number }[];
  /** Changes that were made; positive where replicas were added. */
  readonly changes: readonly { readonly at: number; readonly by: number }[];
}

export interface ScalingInput {
  readonly rules: ScalingRules;
  /** `spec.replicas`, at least 1: zero and back are the business of others. */
  readonly current: number;
  /** `status.replicas`: over these the demand is spread. */
  readonly running: number;
  /** Summed over all pods, in thousandths; undefined where it is not known. */
  readonly concurrencyMilli: number | undefined;
  /** Undefined on the first decision, e.g. after a change of the leader. */
  readonly memory: ScalingMemory | undefined;
  readonly now: number;
}

export interface ScalingDecision {
  readonly replicas: number;
  readonly memory: ScalingMemory;
}

/**
 * Returns the replicas to set, and what to remember of it. Without a known concurrency nothing changes and nothing is
 * remembered; bounds hold all the same, as with the HPA.
 */
export function decideReplicas(input: ScalingInput): ScalingDecision {
  const { rules, current, concurrencyMilli, now } = input;
  // Who was not seen before is taken to have been asked for as it is: no replica goes before a whole window is known.
  const memory = input.memory ?? { recommendations: [{ at: now, replicas: current }], changes: [] };
  const outside = clamp(current, rules.min, rules.max);
  if (outside !== current) return { replicas: outside, memory: withChange(memory, outside - current, input) };
  if (concurrencyMilli === undefined) return { replicas: current, memory };
  const wanted = recommend(input, concurrencyMilli);
  const remembered = remember(memory, wanted, input);
  const stable = stabilise(memory, wanted, input);
  const replicas = clamp(pace(stable, remembered, input), rules.min, rules.max);
  return { replicas, memory: withChange(remembered, replicas - current, input) };
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** Within the tolerance everything stays as it runs. */
function recommend({ rules, running }: ScalingInput, concurrencyMilli: number): number {
  const target = rules.targetMilli;
  const isNear = Math.abs(concurrencyMilli - target * running) <= tolerance * target * running;
  return isNear && running > 0 ? running : Math.ceil(concurrencyMilli / target);
}

/** The least recommendation of its window holds growth back, the greatest of its window holds shrinking back. */
function stabilise(memory: ScalingMemory, wanted: number, { rules, current, now }: ScalingInput): number {
  const within = ({ stabilizationWindowSeconds }: ScalingDirection): number[] =>
    memory.recommendations
      .filter(({ at }) => at > now - stabilizationWindowSeconds * 1000)
      .map(({ replicas }) => replicas);
  const least = Math.min(wanted, ...within(rules.scaleUp));
  const greatest = Math.max(wanted, ...within(rules.scaleDown));
  return Math.min(Math.max(current, least), greatest);
}

/** Holds a change to what the policies allow within their periods. */
function pace(wanted: number, memory: ScalingMemory, input: ScalingInput): number {
  const { rules, current } = input;
  if (wanted > current) return Math.min(wanted, Math.max(current, furthest(rules.scaleUp, 1, memory, input)));
  if (wanted < current) {
    return Math.max(wanted, Math.min(current, furthest(rules.scaleDown, -1, memory, input)));
  }
  return current;
}

function furthest(
  { selectPolicy, policies }: ScalingDirection,
  sign: 1 | -1,
  { changes }: ScalingMemory,
  { current, now }: ScalingInput,
): number {
  if (selectPolicy === 'Disabled') return current;
  const reaches = policies.map(({ type, value, periodSeconds }) => {
    const recent = changes.filter(({ at }) => at > now - periodSeconds * 1000);
    const atStart = recent.reduce((replicas, { by }) => replicas - by, current);
    if (type === 'Pods') return atStart + sign * value;
    // Kubernetes rounds in favour of change: more when growing, fewer when shrinking.
    const share = (atStart * (100 + sign * value)) / 100;
    return sign === 1 ? Math.ceil(share) : Math.trunc(share);
  });
  // The greatest change is the greatest number when growing, and the least when shrinking.
  const wantsGreatest = (selectPolicy === 'Max') === (sign === 1);
  return wantsGreatest ? Math.max(...reaches) : Math.min(...reaches);
}

/** Keeps what the windows still reach back to. */
function remember(memory: ScalingMemory, wanted: number, { rules, now }: ScalingInput): ScalingMemory {
  const { scaleUp, scaleDown } = rules;
  const window = Math.max(scaleUp.stabilizationWindowSeconds, scaleDown.stabilizationWindowSeconds);
  const period = Math.max(
    ...[...scaleUp.policies, ...scaleDown.policies].map(({ periodSeconds }) => periodSeconds),
  );
  return {
    recommendations: [
      ...memory.recommendations.filter(({ at }) => at > now - window * 1000),
      { at: now, replicas: wanted },
    ],
    changes: memory.changes.filter(({ at }) => at > now - period * 1000),
  };
}

const withChange = (memory: ScalingMemory, by: number, { now }: ScalingInput): ScalingMemory =>
  by === 0 ? memory : { ...memory, changes: [...memory.changes, { at: now, by }] };
