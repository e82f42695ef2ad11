/** Owns the status of a Deployment: counts, and the conditions that `kubectl rollout status` and `kubectl wait` read. */
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../objects/kinds.ts';
import { timestamp } from '../objects/kinds.ts';
import type { RolloutBudget } from './budget.ts';
import type { Revisions } from './revisions.ts';

type ConditionInput = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>;

/** Kubernetes' "no deadline": the largest 32-bit number. */
const noDeadline = 2_147_483_647;

export interface StatusInput {
  readonly deployment: Deployment;
  readonly revisions: Revisions;
  readonly budget: RolloutBudget;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** A ReplicaSet that this very pass created. */
  readonly created?: string;
  readonly collisionCount?: number;
}

/** Returns the status that the Deployment should have now. */
export function statusOf(input: StatusInput): DeploymentStatus {
  const { deployment, now } = input;
  const counts = countsOf(input);
  const before = deployment.status?.conditions ?? [];
  let conditions = setCondition(before, availableCondition(counts, input.budget), now);
  conditions = withProgress(conditions, input, counts);
  const failure = failureOf(input.revisions);
  conditions =
    failure === undefined ? without(conditions, 'ReplicaFailure') : setCondition(conditions, failure, now);
  const collisions = input.collisionCount ?? deployment.status?.collisionCount;
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...counts,
    ...(collisions === undefined ? {} : { collisionCount: collisions }),
    conditions,
  };
}

interface Counts {
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly unavailableReplicas: number;
}

function countsOf({ revisions }: StatusInput): Counts {
  const all = revisions.current === undefined ? revisions.old : [revisions.current, ...revisions.old];
  const sum = (field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
    all.reduce((total, replicaSet: ReplicaSet) => total + (replicaSet.status?.[field] ?? 0), 0);
  const replicas = sum('replicas');
  const availableReplicas = sum('availableReplicas');
  return {
    replicas,
    updatedReplicas: revisions.current?.status?.replicas ?? 0,
    readyReplicas: sum('readyReplicas'),
    availableReplicas,
    unavailableReplicas: Math.max(0, replicas - availableReplicas),
  };
}

function availableCondition(counts: Counts, budget: RolloutBudget): ConditionInput {
  const available = counts.availableReplicas >= budget.replicas - budget.maxUnavailable;
  return {
    type: 'Available',
    status: available ? 'True' : 'False',
    reason: available ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: available
      ? 'Deployment has minimum availability.'
      : 'Deployment does not have minimum availability.',
  };
}

function failureOf(revisions: Revisions): ConditionInput | undefined {
  const all = revisions.current === undefined ? revisions.old : [revisions.current, ...revisions.old];
  const failed = all
    .flatMap((replicaSet) => replicaSet.status?.conditions ?? [])
    .find((condition) => condition.type === 'ReplicaFailure' && condition.status === 'True');
  return failed === undefined
    ? undefined
    : { type: 'ReplicaFailure', status: 'True', reason: failed.reason ?? '', message: failed.message ?? '' };
}

function withProgress(
  conditions: DeploymentCondition[],
  input: StatusInput,
  counts: Counts,
): DeploymentCondition[] {
  const { deployment, now } = input;
  if (deadlineMsOf(deployment) === undefined) return without(conditions, 'Progressing');
  const current = conditions.find((condition) => condition.type === 'Progressing');
  const paused = pauseCondition(deployment, current);
  if (paused !== undefined) return setCondition(conditions, paused, now);
  if (deployment.spec.paused === true) return conditions;
  const next = progressOf(input, counts, current);
  if (next === undefined) return conditions;
  // Progress restarts the deadline, even where the condition says the same as before.
  return setCondition(conditions, next, now, next.reason === 'ReplicaSetUpdated');
}

function pauseCondition(
  deployment: Deployment,
  current: DeploymentCondition | undefined,
): ConditionInput | undefined {
  // A deadline that has passed stays told; pausing does not hide it.
  if (current?.reason === 'ProgressDeadlineExceeded') return undefined;
  const paused = deployment.spec.paused === true;
  const wasPaused = current?.reason === 'DeploymentPaused';
  if (paused === wasPaused) return undefined;
  return {
    type: 'Progressing',
    status: 'Unknown',
    reason: paused ? 'DeploymentPaused' : 'DeploymentResumed',
    message: paused ? 'Deployment is paused' : 'Deployment is resumed',
  };
}

function progressOf(
  input: StatusInput,
  counts: Counts,
  current: DeploymentCondition | undefined,
): ConditionInput | undefined {
  const { deployment, revisions, budget } = input;
  const subject =
    revisions.current === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${revisions.current.metadata.name}"`;
  if (input.created !== undefined) {
    const message = `Created new replica set "${input.created}"`;
    return { type: 'Progressing', status: 'True', reason: 'NewReplicaSetCreated', message };
  }
  if (current === undefined && revisions.current !== undefined) {
    const message = `Found new replica set "${revisions.current.metadata.name}"`;
    return { type: 'Progressing', status: 'True', reason: 'FoundNewReplicaSet', message };
  }
  const settled = counts.replicas === counts.updatedReplicas && current?.reason === 'NewReplicaSetAvailable';
  if (settled) return undefined;
  if (isComplete(counts, budget)) {
    const message = `${subject} has successfully progressed.`;
    return { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message };
  }
  if (hasProgressed(deployment.status, counts)) {
    return {
      type: 'Progressing',
      status: 'True',
      reason: 'ReplicaSetUpdated',
      message: `${subject} is progressing.`,
    };
  }
  if (hasTimedOut(deployment, current, input.now)) {
    const message = `${subject} has timed out progressing.`;
    return { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message };
  }
  return undefined;
}

function isComplete(counts: Counts, budget: RolloutBudget): boolean {
  return (
    counts.updatedReplicas === budget.replicas &&
    counts.replicas === budget.replicas &&
    counts.availableReplicas === budget.replicas
  );
}

/** Whether every pod is of the newest template and available: the rollout is over, the history may be cleaned up. */
export function isRolloutComplete(input: StatusInput): boolean {
  return isComplete(countsOf(input), input.budget);
}

function hasProgressed(before: DeploymentStatus | undefined, counts: Counts): boolean {
  const updatedBefore = before?.updatedReplicas ?? 0;
  return (
    counts.updatedReplicas > updatedBefore ||
    counts.replicas - counts.updatedReplicas < (before?.replicas ?? 0) - updatedBefore ||
    counts.readyReplicas > (before?.readyReplicas ?? 0) ||
    counts.availableReplicas > (before?.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Deployment, current: DeploymentCondition | undefined, now: number): boolean {
  const left = progressDeadlineIn(deployment, current, now);
  return left !== undefined && left < 0;
}

/**
 * Returns in how many milliseconds the progress deadline passes (negative when it has), or undefined while nothing
 * is being waited for.
 */
export function progressDeadlineIn(
  deployment: Deployment,
  progressing: DeploymentCondition | undefined,
  now: number,
): number | undefined {
  const deadlineMs = deadlineMsOf(deployment);
  if (deadlineMs === undefined || progressing === undefined || deployment.spec.paused === true)
    return undefined;
  if (progressing.reason === 'NewReplicaSetAvailable') return undefined;
  if (progressing.reason === 'ProgressDeadlineExceeded') return -1;
  return Date.parse(progressing.lastUpdateTime ?? timestamp(now)) + deadlineMs - now;
}

function deadlineMsOf(deployment: Deployment): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds ?? 600;
  return seconds === noDeadline ? undefined : seconds * 1_000;
}

/** Times change as in Kubernetes: `lastTransitionTime` with the status, `lastUpdateTime` with status or reason. */
function setCondition(
  conditions: readonly DeploymentCondition[],
  next: ConditionInput,
  now: number,
  always = false,
): DeploymentCondition[] {
  const current = conditions.find((condition) => condition.type === next.type);
  if (current !== undefined && !always && current.status === next.status && current.reason === next.reason) {
    return [...conditions];
  }
  const at = timestamp(now);
  const lastTransitionTime = current?.status === next.status ? (current.lastTransitionTime ?? at) : at;
  return [...without(conditions, next.type), { ...next, lastUpdateTime: at, lastTransitionTime }];
}

function without(conditions: readonly DeploymentCondition[], type: string): DeploymentCondition[] {
  return conditions.filter((condition) => condition.type !== type);
}
