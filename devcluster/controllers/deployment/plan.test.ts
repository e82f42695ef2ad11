import { describe, expect, it } from 'vitest';
import { aDeployment, aReplicaSet } from '../objects/object-builders.ts';
import type { Deployment, ReplicaSet } from '../objects/kinds.ts';
import { budgetOf } from './budget.ts';
import type { DeploymentPlan } from './plan.ts';
import { planDeployment } from './plan.ts';
import { revisionsOf } from './revisions.ts';

interface Row {
  readonly deployment?: Deployment;
  readonly replicaSets: readonly ReplicaSet[];
  readonly oldPodsRunning?: boolean;
  readonly rolloutComplete?: boolean;
}

function plan({
  deployment = aDeployment(),
  replicaSets,
  oldPodsRunning = false,
  rolloutComplete = false,
}: Row) {
  const revisions = revisionsOf(deployment, replicaSets);
  const budget = budgetOf(deployment);
  return planDeployment({ deployment, revisions, budget, oldPodsRunning, rolloutComplete });
}

const resizes = ({ resize }: DeploymentPlan): Record<string, number> =>
  Object.fromEntries(resize.map(({ replicaSet, replicas }) => [replicaSet.metadata.name, replicas]));

const revision = (number: number, desired = 4, max = 5) => ({
  annotations: {
    'deployment.kubernetes.io/revision': String(number),
    'deployment.kubernetes.io/desired-replicas': String(desired),
    'deployment.kubernetes.io/max-replicas': String(max),
  },
});
const current = (
  replicas: number,
  available = replicas,
  ...recorded: [desired?: number, max?: number]
): ReplicaSet =>
  aReplicaSet('new', replicas, available, { image: 'web:2', metadata: revision(2, ...recorded) });
const old = (
  replicas: number,
  available = replicas,
  ...recorded: [desired?: number, max?: number]
): ReplicaSet => aReplicaSet('old', replicas, available, { metadata: revision(1, ...recorded) });

describe('the next step of a Deployment', () => {
  it('is a ReplicaSet named by the hash of the template, with the hash among labels and selector', () => {
    const { create } = plan({ replicaSets: [] });
    const hash =
      /^web-([bcdfghjklmnpqrstvwxz2456789]{10})$/.exec(create?.metadata?.name ?? '')?.[1] ?? 'none';
    const labels = { app: 'web', 'pod-template-hash': hash };
    expect(create).toMatchObject({
      metadata: {
        name: `web-${hash}`,
        labels,
        annotations: {
          'deployment.kubernetes.io/revision': '1',
          'deployment.kubernetes.io/desired-replicas': '4',
          'deployment.kubernetes.io/max-replicas': '5',
        },
        ownerReferences: [{ kind: 'Deployment', controller: true }],
      },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels } } },
    });
  });

  it('is another name where the hash was taken by somebody else', () => {
    const first = plan({ replicaSets: [] }).create?.metadata?.name;
    const deployment = aDeployment({}, { status: { collisionCount: 1 } });
    expect(plan({ deployment, replicaSets: [] }).create?.metadata?.name).not.toBe(first);
  });

  it('is a new ReplicaSet of the size of the surge beside a full old one', () => {
    const { create } = plan({ replicaSets: [old(4)] });
    expect(create?.spec.replicas).toBe(1);
    expect(create?.metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
  });

  it.each<[string, Row, Record<string, number>]>([
    [
      'shrinks the old one when the new one has its surge',
      { replicaSets: [current(1, 0), old(4)] },
      { old: 3 },
    ],
    ['grows the new one before it shrinks the old one', { replicaSets: [current(1), old(3)] }, { new: 2 }],
    ['ends with the old one at 0', { replicaSets: [current(4), old(1)] }, { old: 0 }],
    ['is nothing when all is as asked', { replicaSets: [current(4), old(0)] }, {}],
    [
      'scales the only active one with spec.replicas',
      { deployment: aDeployment({ replicas: 7 }), replicaSets: [current(4), old(0)] },
      { new: 7 },
    ],
    ['scales to 0', { deployment: aDeployment({ replicas: 0 }), replicaSets: [current(4)] }, { new: 0 }],
    ['scales up from 0', { replicaSets: [current(0, 0, 0, 0), old(0, 0, 0, 0)] }, { new: 4 }],
    [
      'scales in proportion in the middle of a rollout',
      { deployment: aDeployment({ replicas: 8 }), replicaSets: [current(2), old(3)] },
      { new: 4, old: 6 },
    ],
    [
      'shrinks in proportion in the middle of a rollout',
      { deployment: aDeployment({ replicas: 2 }), replicaSets: [current(2), old(3)] },
      { new: 1, old: 2 },
    ],
    [
      'scales what a pause left',
      { deployment: aDeployment({ replicas: 6, paused: true }), replicaSets: [old(4)] },
      { old: 6 },
    ],
    [
      'makes no new revision while paused',
      { deployment: aDeployment({ paused: true }), replicaSets: [old(4)] },
      {},
    ],
    [
      'does nothing for one that is being deleted',
      {
        deployment: aDeployment({}, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
        replicaSets: [current(1), old(4)],
      },
      {},
    ],
  ])('%s', (_name, row, expected) => {
    const result = plan(row);
    expect(result.create).toBeUndefined();
    expect(resizes(result)).toEqual(expected);
  });

  it('goes back to an earlier template by its old ReplicaSet, with the next revision number', () => {
    const deployment = aDeployment({ template: { ...aDeployment().spec.template } });
    const back = aReplicaSet('back', 0, 0, { image: 'web:2', metadata: revision(1) });
    const newest = aReplicaSet('newest', 4, 4, { image: 'web:3', metadata: revision(2) });
    const result = plan({ deployment, replicaSets: [back, newest] });
    expect(result.create).toBeUndefined();
    expect(resizes(result)).toEqual({ back: 1 });
    expect(result.annotate[0]?.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
  });

  it('copies the annotations of the Deployment, without those about the Deployment itself', () => {
    const annotations = { team: 'a', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    const result = plan({
      deployment: aDeployment({}, { metadata: { annotations } }),
      replicaSets: [current(4)],
    });
    expect(result.annotate[0]?.annotations['team']).toBe('a');
    expect(result.annotate[0]?.annotations).not.toHaveProperty(
      'kubectl.kubernetes.io/last-applied-configuration',
    );
  });

  it('removes the oldest empty revisions beyond the limit once the rollout is complete', () => {
    const olds = [1, 2, 3].map((number) =>
      aReplicaSet(`old-${number}`, 0, 0, { metadata: { ...revision(number) }, image: `web:old-${number}` }),
    );
    const deployment = aDeployment({ revisionHistoryLimit: 1 });
    const newest = aReplicaSet('new', 4, 4, { image: 'web:2', metadata: revision(4) });
    const row = { deployment, replicaSets: [...olds, newest] };
    expect(plan(row).remove).toEqual([]);
    const removed = plan({ ...row, rolloutComplete: true }).remove.map(({ metadata }) => metadata.name);
    expect(removed).toEqual(['old-1', 'old-2']);
  });
});

describe('Recreate', () => {
  const deployment = aDeployment({ strategy: { type: 'Recreate' } });

  it.each<[string, Row, Record<string, number>]>([
    ['ends the old pods first', { deployment, replicaSets: [old(4, 4, 4, 4)] }, { old: 0 }],
    ['waits for them to be gone', { deployment, replicaSets: [old(0, 0, 4, 4)], oldPodsRunning: true }, {}],
    [
      'fills an existing new ReplicaSet at once',
      { deployment, replicaSets: [current(0, 0, 4, 4)] },
      { new: 4 },
    ],
  ])('%s', (_name, row, expected) => {
    const result = plan(row);
    expect(result.create).toBeUndefined();
    expect(resizes(result)).toEqual(expected);
  });

  it('then makes the new ReplicaSet at its full size', () => {
    expect(plan({ deployment, replicaSets: [old(0)] }).create?.spec.replicas).toBe(4);
  });
});
