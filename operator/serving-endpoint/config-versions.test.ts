/** Owns the tests of how config versions end otherwise: cancelled, without a status, beside what is left of others. */
import { describe, expect, it } from 'vitest';
import { annotations } from '../../crds/schema/api.ts';
import { entityReasons } from '../../crds/schema/reasons.ts';
import type { ServingEndpointStatus } from '../../crds/schema/serving-endpoint.ts';
import type { Deployment } from '../../kube/kinds.ts';
import { aContainer, aPod, ended } from '../operator-fixture.ts';
import {
  iris,
  one,
  reconciled,
  revisions,
  routedTo,
  servingOne,
  since,
  told,
  two,
} from './phases-fixture.ts';
import { aRevision, byName, deploymentFor } from './snapshot-fixture.ts';

const first = deploymentFor(one, 'iris-1');
const notReady = deploymentFor(two, 'iris-2', { desired: 1, ready: 0 });
const pending = { configVersion: 2, since: '2026-01-01T00:09:00Z' };
const seen = { revisions, deployments: byName(first, notReady) };
const failed = { configVersion: 2, since, reason: 'ModelNotFound', message: 'iris-2: gone' };

describe('cancelling', () => {
  const cancel = (version: string) => ({ annotations: { [annotations.cancelUpdate]: version } });

  it.each<[string, ReturnType<typeof iris>, number | undefined]>([
    ['an update writes the active config back', iris(2).withStatus({ ...servingOne, pending }), 1],
    ['one that was given up does so too', iris(2).withStatus({ ...servingOne, failed }), 1],
  ])('%s', (_name, endpoint, version) => {
    const { plan } = reconciled(endpoint.withMetadata(cancel('2')).build(), seen);
    expect(plan.writeBack?.version).toBe(version);
  });

  it.each<[string, ReturnType<typeof iris>]>([
    [
      'by a word that is no number does nothing',
      iris(2)
        .withMetadata(cancel('02'))
        .withStatus({ ...servingOne, pending }),
    ],
    [
      'of another version does nothing',
      iris(2)
        .withMetadata(cancel('3'))
        .withStatus({ ...servingOne, pending }),
    ],
    ['of the active version does nothing', iris(1).withMetadata(cancel('1')).withStatus(servingOne)],
    ['without an active version does nothing', iris(2).withMetadata(cancel('1'))],
  ])('%s', (_name, endpoint) => {
    expect(reconciled(endpoint.build(), { deployments: seen.deployments, revisions }).plan.writeBack).toBe(
      undefined,
    );
  });

  it.each<[string, ServingEndpointStatus]>([
    ['an update', { ...servingOne, pending }],
    ['one that was given up', { ...servingOne, failed }],
  ])('%s ends it, though the spec may not be written', (_name, status) => {
    const endpoint = iris(2).withMetadata(cancel('2')).withStatus(status).build();
    const refused = reconciled(endpoint, seen, { cancelRefusal: 'PATCH was answered 403: no\nmore' });
    expect(refused.plan.children.map(({ deployment }) => deployment)).not.toContain(notReady.metadata!.name);
    expect(refused.plan.removals.map(({ name }) => name)).toEqual([notReady.metadata!.name]);
    expect(refused.status).toMatchObject({ active: servingOne.active, traffic: servingOne.traffic });
    expect(refused.status.pending).toBeUndefined();
    expect(refused.status.failed).toEqual(status.failed);
    expect(told(refused.status)).toMatchObject({
      Ready: 'True Serving',
      ConfigUpdate: 'False CancelRefused',
      Stalled: 'True CancelRefused',
    });
    expect(refused.status.conditions?.find(({ type }) => type === 'ConfigUpdate')?.message).toMatch(
      /^config version 2 is cancelled, .*403: no; have what refuses it .*; config version 1 goes on$/,
    );
    const again = reconciled(refused.endpoint, seen, { cancelRefusal: 'PATCH was answered 403: no\nmore' });
    expect(again.status).toEqual(refused.status);
  });

  it('ends at once where the annotation goes again: the update goes on', () => {
    const endpoint = iris(2).withMetadata(cancel('2')).withStatus(servingOne).build();
    const refused = reconciled(endpoint, seen, { cancelRefusal: 'no' });
    const { annotations: _gone, ...metadata } = refused.endpoint.metadata;
    const { status } = reconciled({ ...refused.endpoint, metadata }, seen);
    expect(status).toMatchObject({ pending: { configVersion: 2 } });
    expect(told(status)['ConfigUpdate']).toBe('Unknown InProgress');
  });

  it('of a stopped endpoint is told where the spec may not be written', () => {
    const endpoint = iris(2)
      .withSpec({ suspended: true })
      .withMetadata(cancel('2'))
      .withStatus({ active: servingOne.active, suspended: { since } })
      .build();
    const { status } = reconciled(endpoint, seen, { cancelRefusal: 'no' });
    expect(told(status)['ConfigUpdate']).toBe('False CancelRefused');
    expect(status.conditions?.find(({ type }) => type === 'ConfigUpdate')?.message).not.toContain('goes on');
  });

  it('is told until the next change', () => {
    const back = iris(1)
      .withMetadata(cancel('2'))
      .withStatus({ ...servingOne, pending })
      .build();
    expect(told(reconciled(back, seen).status)).toMatchObject({
      ConfigUpdate: 'True UpdateCanceled',
      Ready: 'True Serving',
    });
    const next = iris(3).withMetadata(cancel('2')).withStatus(servingOne).build();
    expect(told(reconciled(next, seen).status)['ConfigUpdate']).toBe('Unknown InProgress');
  });
});

describe('the traffic', () => {
  const both = iris(1).servingModel('models:/iris/2');
  const split = (left: number, right: number) => both.withRoutes({ 'iris-1': left, 'iris-2': right });
  const [before, after] = [split(50, 50).build(), split(0, 100).build()];
  const broken = deploymentFor(before, 'iris-1', { desired: 1, ready: 0 });
  const pods = [
    aPod('p', broken.metadata!.name!, {
      containerStatuses: [
        aContainer(
          'model',
          { waiting: { reason: 'CrashLoopBackOff' } },
          { restartCount: 5, lastState: ended(1, 'no') },
        ),
      ],
    }),
  ];
  const traffic = ['iris-1', 'iris-2'].map((name) => ({
    servedEntity: name,
    percent: 50,
    deployment: deploymentFor(before, name).metadata!.name!,
    configVersion: 1,
  }));
  const status = { active: servingOne.active, traffic };
  const records = [aRevision(before, 1), aRevision(after, 2)];

  it('can be moved off an entity that fails and stays listed', () => {
    const deployments = byName(broken, deploymentFor(before, 'iris-2'));
    const result = reconciled(split(0, 100).withStatus(status).build(), {
      revisions: records,
      deployments,
      pods,
    });
    expect(result.status).toMatchObject({
      active: { configVersion: 2 },
      traffic: [{ percent: 0 }, { percent: 100, configVersion: 2 }],
    });
  });

  it('is not moved to an entity that fails', () => {
    const deployments = byName(broken, deploymentFor(before, 'iris-2'));
    const wrong = split(100, 0).withStatus(status).build();
    const { status: result } = reconciled(wrong, { revisions: [aRevision(before, 1)], deployments, pods });
    expect(result).toMatchObject({ active: { configVersion: 1 }, traffic });
  });
});

describe('a status that was lost', () => {
  const marked = (version: 1 | 2, at: string) => {
    const record = version === 1 ? aRevision(one, 1) : aRevision(two, 2);
    const noted = { [annotations.activeSince]: at };
    return { ...record, metadata: { ...record.metadata, annotations: noted } };
  };

  it('is found again from the record, and nothing is brought up anew', () => {
    const { plan, status } = reconciled(one, { revisions: [marked(1, since)], deployments: byName(first) });
    expect(plan.newRevision).toBeUndefined();
    expect(plan.removals).toEqual([]);
    expect(status).toMatchObject({ active: { configVersion: 1 }, traffic: routedTo(one, 1), ready: 'True' });
  });

  it('in the middle of an update leaves the active version routed', () => {
    const { status } = reconciled(two, {
      revisions: [marked(1, since), aRevision(two, 2)],
      ...{ deployments: seen.deployments },
    });
    expect(status).toMatchObject({
      active: { configVersion: 1 },
      pending: { configVersion: 2 },
      traffic: routedTo(one, 1),
    });
  });

  it('is prepared for: the record of the active version says so', () => {
    const serving = iris(1).withStatus(servingOne).build();
    const { plan } = reconciled(serving, { revisions, deployments: byName(first) });
    expect(plan.mark).toEqual({ revision: 'iris-config-1', uid: 'uid-of-iris-1', since });
    const again = reconciled(serving, { revisions: [marked(1, since)], deployments: byName(first) });
    expect(again.plan.mark).toBeUndefined();
  });
});

describe('objects of an earlier endpoint of the same name', () => {
  const ofEarlier = {
    ...first,
    metadata: {
      ...first.metadata,
      ownerReferences: [
        {
          apiVersion: 'serving.fairlead.dev/v1alpha1',
          kind: 'ServingEndpoint',
          name: 'iris',
          uid: 'uid-of-the-earlier-one',
          controller: true,
        },
      ],
    },
  };

  it('are waited for, not reported as somebody else’s', () => {
    const { status } = reconciled(one, { deployments: byName(ofEarlier) });
    expect(status.servedEntities?.[0]).toMatchObject({ state: 'Creating', reason: 'WaitingForCleanup' });
    expect(told(status)).toMatchObject({ Ready: 'False Deploying', Reconciling: 'True Progressing' });
    expect(told(status)).not.toHaveProperty('Stalled');
  });

  const inTheWay = (endpoint: string) => ({
    reason: entityReasons.waitingForCleanup,
    message: `horizontalpodautoscalers.autoscaling "${endpoint}" of an earlier endpoint`,
  });
  const blockedBy = (...deployments: Deployment[]) => ({
    refusals: new Map(deployments.map(({ metadata }) => [metadata!.name!, inTheWay('iris')])),
  });
  const crashed = aPod('p', first.metadata!.name!, {
    containerStatuses: [
      aContainer(
        'model',
        { waiting: { reason: 'CrashLoopBackOff' } },
        { restartCount: 5, lastState: ended(1, 'no') },
      ),
    ],
  });
  const activeOne = iris(1).withStatus(servingOne).build();
  const idle = deploymentFor(one, 'iris-1', { desired: 0 });
  const broken = deploymentFor(one, 'iris-1', { ready: 0 });

  it.each<[string, () => ServingEndpointStatus, Record<string, string>, object]>([
    [
      'leave an entity that serves Ready',
      () => reconciled(activeOne, { revisions, deployments: byName(first) }, blockedBy(first)).status,
      { Ready: 'True Serving', ConfigUpdate: 'True UpToDate', Reconciling: 'True Progressing' },
      { state: 'Ready', reason: 'WaitingForCleanup' },
    ],
    [
      'leave an entity at zero Ready',
      () => reconciled(activeOne, { revisions, deployments: byName(idle) }, blockedBy(idle)).status,
      { Ready: 'True ScaledToZero', Reconciling: 'True Progressing' },
      { state: 'ScaledToZero', reason: 'WaitingForCleanup' },
    ],
    [
      'hide no failure of the pods',
      () =>
        reconciled(activeOne, { revisions, deployments: byName(broken), pods: [crashed] }, blockedBy(broken))
          .status,
      { Ready: 'False ModelLoadFailed', Stalled: 'True ModelLoadFailed' },
      { state: 'Failed', reason: 'ModelLoadFailed' },
    ],
    [
      'let nothing new have traffic',
      () => reconciled(one, { deployments: byName(first) }, blockedBy(first)).status,
      { Ready: 'False Deploying', TrafficRouted: 'False NoActiveConfig', Reconciling: 'True Progressing' },
      { state: 'Ready', reason: 'WaitingForCleanup' },
    ],
  ])('%s', (_name, report, conditions, row) => {
    const status = report();
    expect(told(status)).toMatchObject(conditions);
    expect(told(status)).not.toHaveProperty(conditions['Stalled'] === undefined ? 'Stalled' : 'Reconciling');
    expect(status.servedEntities?.[0]).toMatchObject(row);
  });

  it('hold up no change of the traffic between entities that serve', () => {
    const both = iris(1).servingModel('models:/iris/2');
    const split = (left: number, right: number) => both.withRoutes({ 'iris-1': left, 'iris-2': right });
    const [before, after] = [split(50, 50).build(), split(10, 90)];
    const names = ['iris-1', 'iris-2'];
    const traffic = names.map((name) => ({
      servedEntity: name,
      percent: 50,
      deployment: deploymentFor(before, name).metadata!.name!,
      configVersion: 1,
    }));
    const deployments = names.map((name) => deploymentFor(before, name));
    const { status } = reconciled(
      after.withStatus({ active: servingOne.active, traffic }).build(),
      { revisions: [aRevision(before, 1)], deployments: byName(...deployments) },
      blockedBy(...deployments),
    );
    expect(status).toMatchObject({
      active: { configVersion: 2 },
      traffic: [{ percent: 10 }, { percent: 90 }],
    });
  });
});
