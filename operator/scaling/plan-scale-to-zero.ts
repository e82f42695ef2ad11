/** Owns the decision which Deployments go to zero. Pure. */
import { parseDuration } from '../../core/duration.ts';
import type { DeploymentDemand } from '../../core/scaling/demand-book.ts';
import { provenIdleMs } from '../../core/scaling/idleness.ts';
import { durationPattern } from '../../crds/schema/workload.ts';
import type { Deployment } from '../../kube/kinds.ts';
import { idleAfterAnnotation } from '../serving-endpoint/names.ts';

export interface IdleCandidate {
  readonly deployment: Deployment;
  /** Names of its pods that are not going away. */
  readonly pods: readonly string[];
  readonly demand: DeploymentDemand | undefined;
  /** Since when this process has seen it ready and routed to, in the time of the reports; undefined while it is not. */
  readonly answersSince: number | undefined;
}

/** Returns whether a Deployment goes to zero when it is idle; what somebody has spoilt the next reconcile puts right. */
export function mayGoToZero({ metadata, spec }: Deployment): boolean {
  const idleAfter = metadata?.annotations?.[idleAfterAnnotation];
  return idleAfter !== undefined && durationPattern.test(idleAfter) && spec?.replicas !== 0;
}

/** Returns for how many milliseconds a Deployment has been idle, where that is long enough for it to go to zero. */
export function idleLongEnough(candidate: IdleCandidate): number | undefined {
  const { deployment, pods, demand, answersSince } = candidate;
  if (!mayGoToZero(deployment)) return undefined;
  const idleMs = provenIdleMs({ demand, pods, answersSince });
  const idleAfterMs = parseDuration(deployment.metadata?.annotations?.[idleAfterAnnotation] ?? '');
  return idleMs !== undefined && idleMs >= idleAfterMs ? idleMs : undefined;
}
