/** Owns the decision which Deployments go to zero. Pure. */
import { parseDuration } from '../../core/duration.ts';
import type { DeploymentDemand } from '../../core/scaling/demand-book.ts';
import { idleSince } from '../../core/scaling/idleness.ts';
import type { Deployment } from '../../kube/kinds.ts';
import { idleAfterAnnotation } from '../serving-endpoint/names.ts';

export interface IdleCandidate {
  readonly deployment: Deployment;
  /** Names of its pods that are not going away. */
  readonly pods: readonly string[];
  /** Whether the active config routes to it: only what has proved itself goes to sleep. */
  readonly hasTraffic: boolean;
  readonly demand: DeploymentDemand | undefined;
  /** Since when this process has seen it ready, in the time of the reports. */
  readonly readySince: number | undefined;
}

/** Returns for how many milliseconds a Deployment has been idle, where that is long enough for it to go to zero. */
export function idleLongEnough(candidate: IdleCandidate, now: number): number | undefined {
  const { deployment, pods, hasTraffic, demand, readySince } = candidate;
  const idleAfter = deployment.metadata?.annotations?.[idleAfterAnnotation];
  if (idleAfter === undefined || !hasTraffic || (deployment.spec?.replicas ?? 1) === 0) return undefined;
  const since = idleSince({ demand, pods, readySince });
  if (since === undefined) return undefined;
  const idleMs = now - since;
  return idleMs >= parseDuration(idleAfter) ? idleMs : undefined;
}
