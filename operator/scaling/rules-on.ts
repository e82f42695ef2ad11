/** Owns the reading of the rules of scaling that the reconcile has written on a Deployment. */
import { scalingRulesSchema } from '../../core/scaling/scaling-rules.ts';
import type { ScalingRules } from '../../core/scaling/scaling-rules.ts';
import type { Deployment } from '../../kube/kinds.ts';
import { scalingAnnotation } from '../serving-endpoint/names.ts';

/** Returns the rules; undefined where there are none, or somebody has spoilt them: the next reconcile puts that right. */
export function rulesOn(deployment: Deployment | undefined): ScalingRules | undefined {
  const text = deployment?.metadata?.annotations?.[scalingAnnotation];
  if (text === undefined) return undefined;
  try {
    return scalingRulesSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
