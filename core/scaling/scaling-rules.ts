/** Owns the rules by which the replicas of one Deployment follow demand: bounds, target, and how fast they move. */
import * as z from 'zod';
import type { ScalingPolicy } from '../../crds/schema/scaling.ts';
import type { Workload } from '../../crds/schema/workload.ts';
import type { Pause } from './pause.ts';
import { replicaBounds } from './replica-bounds.ts';

const directionSchema = z.object({
  stabilizationWindowSeconds: z.int().min(0),
  selectPolicy: z.enum(['Max', 'Min', 'Disabled']),
  policies: z.array(
    z.object({ type: z.enum(['Pods', 'Percent']), value: z.int(), periodSeconds: z.int().min(1) }),
  ),
});

/** As they are written on a Deployment, for whoever scales it. */
export const scalingRulesSchema = z.object({
  min: z.int().min(1),
  max: z.int().min(1),
  /** Concurrency per replica that scaling aims at, in thousandths. */
  targetMilli: z.int().min(1),
  /** Length of the average that is compared with the target. */
  windowMs: z.int().min(1),
  scaleUp: directionSchema,
  scaleDown: directionSchema,
});

export type ScalingRules = z.output<typeof scalingRulesSchema>;
export type ScalingDirection = z.output<typeof directionSchema>;

interface PartialDirection {
  readonly stabilizationWindowSeconds?: number | undefined;
  readonly selectPolicy?: ScalingDirection['selectPolicy'] | undefined;
  readonly policies?: readonly ScalingPolicy[] | undefined;
}

/** What holds for workloads that do not say otherwise. */
export interface ScalingDefaults {
  readonly concurrencyPerReplica: number;
  /** Share of 1. */
  readonly targetUtilization: number;
  /** Milliseconds. */
  readonly stableWindow: number;
  readonly scaleUp: PartialDirection;
  readonly scaleDown: PartialDirection;
}

/** The defaults of autoscaling/v2. */
const kubernetesDefaults: Readonly<Record<'scaleUp' | 'scaleDown', ScalingDirection>> = {
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

/** Returns the requests that one replica of a workload takes at one time. */
export const concurrencyPerReplica = (workload: Workload, defaults: ScalingDefaults): number =>
  workload.scaling.concurrencyPerReplica ?? defaults.concurrencyPerReplica;

/** Returns the rules of a workload. */
export function scalingRulesOf(workload: Workload, defaults: ScalingDefaults, pause: Pause): ScalingRules {
  const { scaling } = workload;
  const perReplica = concurrencyPerReplica(workload, defaults);
  const percentage = scaling.targetUtilizationPercentage;
  const utilization = percentage === undefined ? defaults.targetUtilization : percentage / 100;
  const direction = (name: 'scaleUp' | 'scaleDown', isPaused: boolean): ScalingDirection => {
    const chosen = merged(scaling[name], merged(defaults[name], kubernetesDefaults[name]));
    return isPaused ? { ...chosen, selectPolicy: 'Disabled' } : chosen;
  };
  return {
    ...replicaBounds(workload, perReplica),
    targetMilli: Math.max(1, Math.round(perReplica * utilization * 1000)),
    windowMs: scaling.windowSeconds === undefined ? defaults.stableWindow : scaling.windowSeconds * 1000,
    scaleUp: direction('scaleUp', pause.scaleOut),
    scaleDown: direction('scaleDown', pause.scaleIn),
  };
}

/** Policies replace one another as a whole: half of somebody else's list means nothing. */
const merged = (given: PartialDirection | undefined, fallback: ScalingDirection): ScalingDirection => ({
  stabilizationWindowSeconds: given?.stabilizationWindowSeconds ?? fallback.stabilizationWindowSeconds,
  selectPolicy: given?.selectPolicy ?? fallback.selectPolicy,
  policies: [...(given?.policies ?? fallback.policies)],
});
