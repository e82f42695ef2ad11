/** Owns what is claimed of autoscaling: who scales, whether it can, and what holds it. */
import { autoscalingAnnotation, pauseOf, pauses } from '../../core/scaling/pause.ts';
import { conditionTypes } from '../../crds/schema/condition.ts';
import { autoscalingReasons as reasons } from '../../crds/schema/reasons.ts';
import type { HorizontalPodAutoscaler } from '../../kube/kinds.ts';
import { apiServiceName } from '../metrics-adapter/reconcile-api-service.ts';
import { isGoing, isOfPredecessor } from '../ownership.ts';
import { usesAutoscalers } from '../scaling/scaling-mode.ts';
import { claim } from './conditions.ts';
import type { Claim } from './conditions.ts';
import type { Snapshot } from './observe.ts';
import type { EntityPlan } from './plan-entities.ts';

export interface AutoscalingOutlook {
  readonly snapshot: Pick<Snapshot, 'endpoint' | 'autoscalers' | 'rivals' | 'scalingMode'>;
  /** Entities of the config version that has the traffic. */
  readonly activeEntities: readonly EntityPlan[];
  readonly isRouted: boolean;
  readonly isSuspended: boolean;
}

const say = (status: Claim['status'], reason: string, message: string): Claim =>
  claim(conditionTypes.autoscaling, status, reason, message);

/** Returns the claim; what a person should put right comes before what merely is so. */
export function autoscalingClaim(outlook: AutoscalingOutlook): Claim {
  const { snapshot, activeEntities, isRouted, isSuspended } = outlook;
  if (isSuspended) return say('True', reasons.suspended, 'a stopped endpoint does not scale');
  if (!isRouted) return say('Unknown', reasons.pending, 'nothing has traffic yet');
  const awake = activeEntities.filter(
    ({ observed }) => observed !== undefined && observed.spec?.replicas !== 0,
  );
  return (
    first(activeEntities, ({ deployment = '' }) => rivalry(deployment, snapshot.rivals.get(deployment))) ??
    held(snapshot) ??
    (awake.length === 0 ? atZero(snapshot) : undefined) ??
    (usesAutoscalers(snapshot.scalingMode) ? undefined : scaledByOperator(snapshot)) ??
    first(awake, ({ deployment = '' }) => leaving(snapshot, deployment)) ??
    first(awake, ({ deployment = '' }) => doubt(deployment, snapshot.autoscalers.get(deployment))) ??
    first(awake, (entity) => limit(entity, snapshot.autoscalers.get(entity.deployment ?? ''))) ??
    say('True', reasons.followingDemand, `replicas follow demand${zeroRefused(snapshot)}`)
  );
}

function first<Item>(items: readonly Item[], claimOn: (item: Item) => Claim | undefined): Claim | undefined {
  for (const item of items) {
    const found = claimOn(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Two HPAs on one Deployment stop one another (AmbiguousSelector), and neither is taken away by the operator. */
function rivalry(deployment: string, rivals: readonly string[] = []): Claim | undefined {
  if (rivals.length === 0) return undefined;
  const names = rivals.join(', ');
  return say(
    'False',
    reasons.autoscalerConflict,
    `the HorizontalPodAutoscaler ${names} of somebody else scales the Deployment ${deployment} too; delete it: Fairlead scales by the demand of requests, within workload.size or minConcurrency and maxConcurrency`,
  );
}

function held({ endpoint }: Pick<Snapshot, 'endpoint'>): Claim | undefined {
  const { annotations } = endpoint.metadata;
  const { scaleIn, scaleOut, unknown } = pauseOf(annotations);
  if (unknown !== undefined) {
    const message = `the annotation ${autoscalingAnnotation} says "${unknown}", which holds nothing back; write ${pauses.join(', ')}, or remove it`;
    return say('False', reasons.pauseUnknown, message);
  }
  if (!scaleIn && !scaleOut) return undefined;
  const what =
    scaleIn && scaleOut ? 'replicas neither come nor go' : scaleIn ? 'no replica goes' : 'no replica comes';
  const message = `${what} until the annotation ${autoscalingAnnotation} is removed; a request still wakes what is at zero`;
  return say('False', reasons.paused, message);
}

const atZero = (snapshot: Pick<Snapshot, 'scalingMode'>): Claim =>
  say('True', reasons.scaledToZero, `at zero the autoscaler rests${zeroRefused(snapshot)}`);

function scaledByOperator({ scalingMode }: Pick<Snapshot, 'scalingMode'>): Claim {
  const remedy = `to have HPAs scale, let the APIService ${apiServiceName} point at fairlead-operator`;
  return scalingMode.metricsApi === 'taken'
    ? say(
        'True',
        reasons.metricsApiTaken,
        `another adapter serves external.metrics.k8s.io in this cluster, so the operator itself scales, as an HPA would; ${remedy}`,
      )
    : say(
        'True',
        reasons.metricsApiMissing,
        `nobody serves external.metrics.k8s.io in this cluster, so the operator itself scales, as an HPA would; ${remedy}`,
      );
}

const conditionOf = (autoscaler: HorizontalPodAutoscaler | undefined, type: string) =>
  autoscaler?.status?.conditions?.find((condition) => condition.type === type);

/** An HPA that is on its way out, or of an earlier endpoint, tells nothing of how this one scales. */
function leaving({ endpoint, autoscalers }: AutoscalingOutlook['snapshot'], name: string): Claim | undefined {
  const autoscaler = autoscalers.get(name);
  if (autoscaler === undefined) return undefined;
  const { metadata } = endpoint;
  const isLeftOver = isOfPredecessor(autoscaler, { name: metadata.name, uid: metadata.uid ?? '' });
  return isLeftOver || isGoing(autoscaler)
    ? say('Unknown', reasons.pending, `an earlier HPA ${name} is still being removed; it is made anew then`)
    : undefined;
}

/** What the HPA says of itself, with the remedy. */
function doubt(name: string, autoscaler: HorizontalPodAutoscaler | undefined): Claim | undefined {
  const active = conditionOf(autoscaler, 'ScalingActive');
  const able = conditionOf(autoscaler, 'AbleToScale');
  if (able?.status === 'False') {
    const message = `the HPA ${name} cannot scale: ${able.message ?? able.reason ?? ''}; the scale stays as it is. See kubectl describe hpa ${name}`;
    return say('False', reasons.scaleRefused, message);
  }
  if (active === undefined) return say('Unknown', reasons.pending, `the HPA ${name} has not judged yet`);
  // The HPA still says "disabled" for a moment after a wake-up.
  if (active.status !== 'False' || active.reason === 'ScalingDisabled') return undefined;
  const cause = active.message ?? active.reason ?? '';
  if (active.reason === 'AmbiguousSelector') {
    const message = `another HPA has the pods of ${name} too: ${cause}; delete it`;
    return say('False', reasons.autoscalerConflict, message);
  }
  const message = `the HPA ${name} cannot read the demand: ${cause}; the scale stays as it is. See whether kubectl get apiservice ${apiServiceName} says Available, and whether the sidecars of the pods report`;
  return say('False', reasons.metricsUnavailable, message);
}

function limit(
  { entity, blueprint }: EntityPlan,
  autoscaler: HorizontalPodAutoscaler | undefined,
): Claim | undefined {
  const limited = conditionOf(autoscaler, 'ScalingLimited');
  if (limited?.status !== 'True' || limited.reason !== 'TooManyReplicas') return undefined;
  const most = blueprint?.scaling.max;
  const message = `${entity.name} has as many replicas as it may (${most ?? 'its most'}), and demand asks for more; raise workload.size or maxConcurrency`;
  return say('True', reasons.atMaximum, message);
}

/** Why the operator goes to zero although the configuration would have the HPA do it. */
function zeroRefused({ scalingMode }: Pick<Snapshot, 'scalingMode'>): string {
  if (!usesAutoscalers(scalingMode)) return '';
  if (scalingMode.nativeZero === 'refused') {
    return '; this cluster does not let an HPA go to zero (feature gate HPAScaleToZero), so the operator does';
  }
  return scalingMode.nativeZero === 'unknown'
    ? '; this cluster did not say whether an HPA may go to zero (the log of the operator has the cause, and it asks again every minute), so the operator does where the HPA does not yet'
    : '';
}
