import { describe, expect, it } from 'vitest';
import { aDeployment, aReplicaSet, testEpoch } from '../objects/object-builders.ts';
import type { Deployment, DeploymentCondition, ReplicaSet } from '../objects/kinds.ts';
import { timestamp } from '../objects/kinds.ts';
import { budgetOf } from './budget.ts';
import { revisionsOf } from './revisions.ts';
import { progressDeadlineIn, statusOf } from './status.ts';

const minute = 60_000;
const current = (replicas: number, available = replicas): ReplicaSet =>
  aReplicaSet('new', replicas, available, { image: 'web:2' });

function status(deployment: Deployment, replicaSets: ReplicaSet[], now = testEpoch, created?: string) {
  return statusOf({
    deployment,
    revisions: revisionsOf(deployment, replicaSets),
    budget: budgetOf(deployment),
    now,
    ...(created === undefined ? {} : { created }),
  });
}

const progressing = (
  reason: string,
  updatedAt = testEpoch,
  conditionStatus = 'True',
): DeploymentCondition => ({
  type: 'Progressing',
  status: conditionStatus,
  reason,
  message: '',
  lastUpdateTime: timestamp(updatedAt),
  lastTransitionTime: timestamp(updatedAt),
});

const find = (conditions: DeploymentCondition[] | undefined, type: string): DeploymentCondition | undefined =>
  conditions?.find((condition) => condition.type === type);

describe('the counts of a Deployment', () => {
  it('add up over its ReplicaSets, and updated are those of the newest', () => {
    expect(status(aDeployment(), [current(2, 1), aReplicaSet('old', 3)])).toMatchObject({
      observedGeneration: 1,
      replicas: 5,
      updatedReplicas: 2,
      readyReplicas: 4,
      availableReplicas: 4,
      unavailableReplicas: 1,
    });
  });
});

describe('the Available condition', () => {
  it.each([
    ['is True with as many pods as the budget leaves', 3, 'True', 'MinimumReplicasAvailable'],
    ['is False with fewer', 2, 'False', 'MinimumReplicasUnavailable'],
  ])('%s', (_name, available, expected, reason) => {
    const found = find(status(aDeployment(), [current(4, available)]).conditions, 'Available');
    expect(found).toMatchObject({ status: expected, reason });
  });

  it('is True at 0 replicas', () => {
    const found = status(aDeployment({ replicas: 0 }), [current(0)]).conditions;
    expect(find(found, 'Available')?.status).toBe('True');
  });
});

describe('the Progressing condition', () => {
  const withCondition = (
    condition: DeploymentCondition,
    spec: Partial<Deployment['spec']> = {},
  ): Deployment =>
    aDeployment(spec, {
      status: {
        replicas: 4,
        updatedReplicas: 1,
        readyReplicas: 3,
        availableReplicas: 3,
        conditions: [condition],
      },
    });
  const stuck = [current(1, 0), aReplicaSet('old', 3)];

  it('says that a ReplicaSet was made', () => {
    const found = find(status(aDeployment(), [], testEpoch, 'web-abc').conditions, 'Progressing');
    expect(found).toMatchObject({
      status: 'True',
      reason: 'NewReplicaSetCreated',
      message: 'Created new replica set "web-abc"',
    });
  });

  it('says that the rollout is over when all pods are new and available', () => {
    const found = find(status(aDeployment(), [current(4)]).conditions, 'Progressing');
    expect(found).toMatchObject({ status: 'True' });
    const later = status(withCondition(progressing('ReplicaSetUpdated')), [current(4)]).conditions;
    expect(find(later, 'Progressing')).toMatchObject({
      reason: 'NewReplicaSetAvailable',
      message: 'ReplicaSet "new" has successfully progressed.',
    });
  });

  it('restarts its deadline with every step ahead', () => {
    const deployment = withCondition(progressing('ReplicaSetUpdated', testEpoch));
    const found = status(
      deployment,
      [current(2, 1), aReplicaSet('old', 3)],
      testEpoch + 9 * minute,
    ).conditions;
    expect(find(found, 'Progressing')).toMatchObject({
      reason: 'ReplicaSetUpdated',
      lastUpdateTime: timestamp(testEpoch + 9 * minute),
      lastTransitionTime: timestamp(testEpoch),
    });
  });

  it.each([
    ['stays as it is before the deadline', 10 * minute - 1, 'True', 'ReplicaSetUpdated'],
    ['says that the deadline passed after it', 10 * minute + 1, 'False', 'ProgressDeadlineExceeded'],
  ])('%s', (_name, later, expected, reason) => {
    const deployment = withCondition(progressing('ReplicaSetUpdated'));
    const found = find(status(deployment, stuck, testEpoch + later).conditions, 'Progressing');
    expect(found).toMatchObject({ status: expected, reason });
  });

  it('does not time out once the rollout was over, whatever happens to its pods', () => {
    const deployment = withCondition(progressing('NewReplicaSetAvailable'));
    const found = find(
      status(deployment, [current(4, 1)], testEpoch + 60 * minute).conditions,
      'Progressing',
    );
    expect(found?.reason).toBe('NewReplicaSetAvailable');
  });

  it('is told when a pause begins and ends', () => {
    const paused = status(
      withCondition(progressing('ReplicaSetUpdated'), { paused: true }),
      stuck,
    ).conditions;
    expect(find(paused, 'Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' });
    const resumed = status(
      withCondition(progressing('DeploymentPaused', testEpoch, 'Unknown')),
      stuck,
    ).conditions;
    expect(find(resumed, 'Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentResumed' });
  });

  it('is absent where there is no deadline', () => {
    const deployment = aDeployment({ progressDeadlineSeconds: 2_147_483_647 });
    expect(find(status(deployment, [current(4)]).conditions, 'Progressing')).toBeUndefined();
  });

  it('asks to be looked at again when the deadline is due', () => {
    const condition = progressing('ReplicaSetUpdated');
    expect(progressDeadlineIn(aDeployment(), condition, testEpoch + minute)).toBe(9 * minute);
    expect(progressDeadlineIn(aDeployment({ paused: true }), condition, testEpoch)).toBeUndefined();
  });
});

describe('the ReplicaFailure condition', () => {
  it('repeats why pods cannot be made, and goes when they can', () => {
    const failing = current(1, 0);
    failing.status = {
      replicas: 0,
      conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' }],
    };
    const failed = status(aDeployment(), [failing]).conditions;
    expect(find(failed, 'ReplicaFailure')).toMatchObject({
      status: 'True',
      reason: 'FailedCreate',
      message: 'quota',
    });
    const recovered = aDeployment({}, { status: { conditions: failed ?? [] } });
    expect(find(status(recovered, [current(4)]).conditions, 'ReplicaFailure')).toBeUndefined();
  });
});
