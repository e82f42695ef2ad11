/** Owns the state of one served entity, judged from its Deployment and pods. */
import type { Readiness } from '../../core/config-versions/plan-config-versions.ts';
import { labels } from '../../crds/schema/api.ts';
import { entityReasons } from '../../crds/schema/reasons.ts';
import type { ServedEntityStatus } from '../../crds/schema/serving-endpoint.ts';
import type { Deployment, Pod } from '../../kube/kinds.ts';
import { diagnosePods } from './diagnosis/diagnose-pods.ts';
import { explainPodRefusal } from './diagnosis/explain-refusal.ts';
import type { EntityExplanation } from './explanation.ts';
import type { FetchStatus } from './fetch-status.ts';
import { replicasOf } from './replicas.ts';
import type { Replicas } from './replicas.ts';

export interface EntityVerdict extends EntityExplanation {
  readonly state: ServedEntityStatus['state'];
  /** Whether the entity keeps a config version from becoming active. */
  readonly readiness: Readiness;
}

export interface EntityEvidence {
  readonly deployment: Deployment | undefined;
  readonly pods: readonly Pod[];
  /** How far the model is, where it is being fetched. */
  readonly fetch: FetchStatus | undefined;
  /** The row of the same Deployment in the status as it is. */
  readonly previous: ServedEntityStatus | undefined;
  /** Replicas that must be ready before traffic may be moved to the Deployment; 0 where it has traffic already. */
  readonly leastReplicas: number;
}

/** Returns the state of the entity, its cause and the remedy in words. */
export function judgeEntity(evidence: EntityEvidence): EntityVerdict {
  const { deployment, pods, fetch, previous, leastReplicas } = evidence;
  if (deployment === undefined) {
    return progressing('Creating', {
      reason: entityReasons.starting,
      message: 'the Deployment is being made',
    });
  }
  const replicas = replicasOf(deployment);
  if (replicas.desired === 0) return judgeAtZero(leastReplicas);
  const diagnosis = diagnosePods(pods, fetch);
  const failure = diagnosis.failure ?? deploymentFailure(deployment);
  if (replicas.ready > 0) return judgeServing(replicas, leastReplicas, failure);
  if (failure !== undefined) return { state: 'Failed', readiness: 'failed', ...failure };
  const progress = diagnosis.progress ?? {
    reason: entityReasons.starting,
    message: 'the pod is being started',
  };
  return judgeStarting(previous, progress);
}

// At zero an entity can answer, because it wakes; one that was never seen to work has to be, before it gets traffic.
function judgeAtZero(leastReplicas: number): EntityVerdict {
  const message = 'no replica runs because there was no demand; the next request starts one';
  const readiness = leastReplicas === 0 ? 'ready' : 'progressing';
  return { state: 'ScaledToZero', reason: entityReasons.scaledToZero, message, readiness };
}

function judgeServing(
  { desired, ready, upToDate }: Replicas,
  leastReplicas: number,
  failure: EntityExplanation | undefined,
): EntityVerdict {
  const needed = Math.max(desired, leastReplicas);
  if (ready >= needed && upToDate >= needed) {
    return { state: 'Ready', reason: entityReasons.serving, message: '', readiness: 'ready' };
  }
  const missing = `${ready} of ${needed} replicas are ready`;
  const explanation =
    failure === undefined
      ? { reason: entityReasons.serving, message: missing }
      : { reason: failure.reason, message: `${missing}: ${failure.message}` };
  // What has traffic already and answers keeps no config version waiting.
  if (leastReplicas === 0) return { state: 'Ready', ...explanation, readiness: 'ready' };
  return { state: 'Ready', ...explanation, readiness: failure === undefined ? 'progressing' : 'failed' };
}

function judgeStarting(previous: ServedEntityStatus | undefined, progress: EntityExplanation): EntityVerdict {
  switch (previous?.state) {
    case 'ScaledToZero':
      return {
        state: 'ScaledToZero',
        reason: entityReasons.waking,
        message: `a replica is being started for a request: ${progress.message}`,
        readiness: 'progressing',
      };
    case 'Ready':
    case 'Recovering':
      return progressing('Recovering', progress);
    case 'Creating':
    case 'Suspended':
    case 'Failed':
    case 'Aborted':
    case undefined:
      return progressing('Creating', progress);
  }
}

function deploymentFailure(deployment: Deployment): EntityExplanation | undefined {
  const conditions = deployment.status?.conditions ?? [];
  const refused = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (refused !== undefined) {
    return explainPodRefusal(refused.message ?? refused.reason ?? '');
  }
  const isOverdue = conditions.some(
    ({ type, status, reason }) =>
      type === 'Progressing' && status === 'False' && reason === 'ProgressDeadlineExceeded',
  );
  return isOverdue ? overdue(deployment) : undefined;
}

function overdue({ metadata, spec }: Deployment): EntityExplanation {
  const pods = `kubectl describe pods -n ${metadata?.namespace ?? ''} -l ${labels.deployment}=${metadata?.name ?? ''}`;
  return {
    reason: entityReasons.deadlineExceeded,
    message: `no progress within ${spec?.progressDeadlineSeconds ?? 600} seconds; see ${pods}`,
  };
}

const progressing = (state: ServedEntityStatus['state'], explanation: EntityExplanation): EntityVerdict => ({
  state,
  ...explanation,
  readiness: 'progressing',
});
