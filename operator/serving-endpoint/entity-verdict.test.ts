import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../kube/kinds.ts';
import { aDeployment } from '../../test/support/a-deployment.ts';
import { aContainer, aPod, ended } from '../operator-fixture.ts';
import { judgeEntity } from './entity-verdict.ts';
import type { EntityEvidence } from './entity-verdict.ts';

const deployment = (
  replicas: number,
  ready: number,
  status: Partial<NonNullable<Deployment['status']>> = {},
): Deployment => {
  const built = aDeployment('d').withReplicas(replicas).withReady(ready).build();
  return { ...built, status: { ...built.status, updatedReplicas: replicas, ...status } };
};
const crashing = aPod('p', 'd', {
  containerStatuses: [
    aContainer(
      'model',
      { waiting: { reason: 'CrashLoopBackOff' } },
      { restartCount: 2, lastState: ended(1, 'bad weights') },
    ),
  ],
});
const row = (state: 'Ready' | 'ScaledToZero' | 'Recovering' | 'Failed') => ({
  name: 'e',
  configVersion: 1,
  state,
  deployment: 'd',
});
const condition = (type: string, status: string, reason: string, message: string) => ({
  conditions: [{ type, status, reason, message }],
});

describe('judgeEntity', () => {
  it.each<[string, Partial<EntityEvidence>, string, string, string]>([
    ['is creating without a Deployment', { deployment: undefined }, 'Creating', 'progressing', 'Starting'],
    ['is ready with all replicas', { deployment: deployment(2, 2) }, 'Ready', 'ready', 'Serving'],
    [
      'is ready with some replicas, but not for new traffic',
      { deployment: deployment(2, 1) },
      'Ready',
      'progressing',
      'Serving',
    ],
    [
      'is ready with some replicas where it has traffic',
      { deployment: deployment(2, 1), leastReplicas: 0 },
      'Ready',
      'ready',
      'Serving',
    ],
    [
      'is not ready for new traffic with fewer replicas than it takes over',
      { deployment: deployment(1, 1), leastReplicas: 3 },
      'Ready',
      'progressing',
      'Serving',
    ],
    [
      'waits until the newest spec was seen',
      { deployment: deployment(1, 1, { observedGeneration: 0 }) },
      'Ready',
      'progressing',
      'Serving',
    ],
    [
      'tells the failure of a replica beside others that serve',
      { deployment: deployment(2, 1), pods: [crashing], leastReplicas: 0 },
      'Ready',
      'ready',
      'ModelLoadFailed',
    ],
    [
      'has failed with pods that fail',
      { deployment: deployment(1, 0), pods: [crashing] },
      'Failed',
      'failed',
      'ModelLoadFailed',
    ],
    [
      'has failed when the cluster refuses pods',
      { deployment: deployment(1, 0, condition('ReplicaFailure', 'True', 'FailedCreate', 'exceeded quota')) },
      'Failed',
      'failed',
      'QuotaExceeded',
    ],
    [
      'has failed after its deadline',
      { deployment: deployment(1, 0, condition('Progressing', 'False', 'ProgressDeadlineExceeded', '')) },
      'Failed',
      'failed',
      'DeadlineExceeded',
    ],
    [
      'at zero can answer',
      { deployment: deployment(0, 0), leastReplicas: 0 },
      'ScaledToZero',
      'ready',
      'ScaledToZero',
    ],
    [
      'at zero has to be seen working before it gets traffic',
      { deployment: deployment(0, 0) },
      'ScaledToZero',
      'progressing',
      'ScaledToZero',
    ],
    [
      'is still at zero, for status, while it wakes',
      { deployment: deployment(1, 0), previous: row('ScaledToZero') },
      'ScaledToZero',
      'progressing',
      'Waking',
    ],
    [
      'is recovering when it was ready',
      { deployment: deployment(1, 0), previous: row('Ready') },
      'Recovering',
      'progressing',
      'Starting',
    ],
    [
      'is recovering for as long as that takes',
      { deployment: deployment(1, 0), previous: row('Recovering') },
      'Recovering',
      'progressing',
      'Starting',
    ],
    [
      'tries again after a failure',
      { deployment: deployment(1, 0), previous: row('Failed') },
      'Creating',
      'progressing',
      'Starting',
    ],
  ])('%s', (_name, evidence, state, readiness, reason) => {
    const verdict = judgeEntity({
      deployment: undefined,
      pods: [],
      fetch: undefined,
      previous: undefined,
      leastReplicas: 1,
      ...evidence,
    });
    expect(verdict).toMatchObject({ state, readiness, reason });
  });

  it('names the cause beside the count', () => {
    const verdict = judgeEntity({
      deployment: deployment(2, 1),
      pods: [crashing],
      fetch: undefined,
      previous: undefined,
      leastReplicas: 0,
    });
    expect(verdict.message).toBe('1 of 2 replicas are ready: the model cannot be loaded: bad weights');
  });
});
