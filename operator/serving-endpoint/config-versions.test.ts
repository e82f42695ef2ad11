/** Owns the tests of how config versions end: given up, tried again, cancelled, stopped and started, found again. */
import { describe, expect, it } from 'vitest';
import { annotations } from '../../crds/schema/api.ts';
import { aContainer, aPod, ended } from '../operator-fixture.ts';
import {
  iris,
  now,
  one,
  reconciled,
  revisions,
  routedTo,
  servingOne,
  since,
  told,
  two,
} from './phases-fixture.ts';
import type { Reconciled } from './phases-fixture.ts';
import { aRevision, byName, deploymentFor } from './snapshot-fixture.ts';

const [first, second] = [deploymentFor(one, 'iris-1'), deploymentFor(two, 'iris-2')];
const [nameOfOne, nameOfTwo] = [first.metadata!.name!, second.metadata!.name!];
const notReady = deploymentFor(two, 'iris-2', { desired: 1, ready: 0 });
const pending = { configVersion: 2, since: '2026-01-01T00:09:00Z' };
const updating = iris(2)
  .withStatus({ ...servingOne, pending })
  .build();
const fetching = (message: string) =>
  aPod('p', nameOfTwo, { initContainerStatuses: [aContainer('fetch-model', ended(1, message))] });
const pulling = aPod('p', nameOfTwo, {
  containerStatuses: [aContainer('model', { waiting: { reason: 'ImagePullBackOff', message: 'no such' } })],
});
const seen = { revisions, deployments: byName(first, notReady) };
const removed = ({ plan }: Reconciled) => plan.removals.map(({ name }) => name);
const failed = { configVersion: 2, since, reason: 'ModelNotFound', message: 'iris-2: gone' };

describe('an update that fails', () => {
  const gaveUp = reconciled(updating, { ...seen, pods: [fetching('model not found: models:/iris/2: gone')] });

  it('is given up at once where the model does not exist, with the cause and nothing else changed', () => {
    expect(gaveUp.status).toMatchObject({
      active: servingOne.active,
      traffic: servingOne.traffic,
      failed: { configVersion: 2, since: '2026-01-01T00:10:00Z', reason: 'ModelNotFound' },
      servedEntities: [{ name: 'iris-1', configVersion: 1 }],
      version: '1',
    });
    expect(gaveUp.status.pending).toBeUndefined();
    expect(gaveUp.status.failed?.message).toMatch(/^iris-2: the model cannot be fetched: model not found/);
    expect(gaveUp.status.conditions?.find(({ type }) => type === 'ConfigUpdate')).toMatchObject({
      status: 'False',
      reason: 'UpdateFailed',
      message: expect.stringMatching(
        /^config version 2 was given up: .*; config version 1 goes on$/,
      ) as string,
    });
  });

  it('loses its Deployment, and is not brought up again', () => {
    const after = reconciled(gaveUp.endpoint, seen);
    expect(removed(after)).toEqual([nameOfTwo]);
    expect(after.plan.children.map(({ deployment }) => deployment)).not.toContain(nameOfTwo);
    expect(after.status).toEqual(gaveUp.status);
  });

  it('has its time where the failure may heal, and is looked at again by then', () => {
    const early = reconciled(updating, { ...seen, pods: [pulling] });
    expect(early.status).toMatchObject({ pending, servedEntities: [{}, { state: 'Failed' }] });
    const late = reconciled(early.endpoint, { ...seen, pods: [pulling] }, { at: now + 5 * 60_000 });
    expect(late.status.failed).toMatchObject({ reason: 'ImagePullFailed' });
    expect(late.status.pending).toBeUndefined();
  });

  it('begins its time anew when it was better in between', () => {
    const early = reconciled(updating, { ...seen, pods: [pulling] });
    const better = reconciled(early.endpoint, seen, { at: now + 60_000 });
    const again = reconciled(better.endpoint, { ...seen, pods: [pulling] }, { at: now + 5 * 60_000 });
    expect(again.status.failed).toBeUndefined();
  });

  it('is given up when it is not ready in time, whatever it waits for', () => {
    const { status } = reconciled(updating, seen, { at: Date.parse(pending.since) + 3_600_000 });
    expect(status.failed).toMatchObject({
      reason: 'DeadlineExceeded',
      message: 'not ready within 60 minutes: iris-2: the pod is being started',
    });
  });

  it('is never given up while nothing else serves', () => {
    const pods = [fetching('model not found: models:/iris/2: gone')];
    const { status } = reconciled(two, { ...seen, pods });
    expect(status).toMatchObject({ pending: { configVersion: 2 } });
    expect(status.failed).toBeUndefined();
    expect(told(status)).toMatchObject({ ConfigUpdate: 'False UpdateFailed', Ready: 'False ModelNotFound' });
  });
});

describe('a config version that was given up', () => {
  const gaveUp = iris(2).withStatus({ ...servingOne, failed });

  it.each<[string, () => Reconciled, object]>([
    [
      'is tried again when the annotation asks for it',
      () =>
        reconciled(gaveUp.withMetadata({ annotations: { [annotations.retryUpdate]: 'now' } }).build(), seen),
      { pending: { configVersion: 2, since: '2026-01-01T00:10:00Z' }, version: '1→2' },
    ],
    [
      'stays so when the annotation asked for it before',
      () =>
        reconciled(
          iris(2)
            .withMetadata({ annotations: { [annotations.retryUpdate]: 'now' } })
            .withStatus({ ...servingOne, failed: { ...failed, retry: 'now' } })
            .build(),
          seen,
        ),
      { failed, version: '1' },
    ],
    [
      'makes room for a new config',
      () =>
        reconciled(
          iris(3)
            .withStatus({ ...servingOne, failed })
            .build(),
          seen,
        ),
      { pending: { configVersion: 3 } },
    ],
    [
      'is forgotten when the active config is written back',
      () =>
        reconciled(
          iris(1)
            .withStatus({ ...servingOne, failed })
            .build(),
          seen,
        ),
      { active: servingOne.active, ready: 'True' },
    ],
  ])('%s', (_name, make, expected) => {
    expect(make().status).toMatchObject(expected);
  });

  it('leaves no trace once the active config is written back', () => {
    const { status } = reconciled(
      iris(1)
        .withStatus({ ...servingOne, failed })
        .build(),
      seen,
    );
    expect(status.failed).toBeUndefined();
    expect(told(status)).toMatchObject({ ConfigUpdate: 'True UpToDate' });
  });

  it('notes which request it has tried already', () => {
    const retried = gaveUp.withMetadata({ annotations: { [annotations.retryUpdate]: 'now' } }).build();
    const pods = [fetching('model not found: models:/iris/2: gone')];
    expect(reconciled(retried, { ...seen, pods }).status.failed).toMatchObject({ retry: 'now' });
  });
});

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

describe('an endpoint that is stopped', () => {
  const stop = (version: number) => iris(version).withSpec({ suspended: true });
  const stopped = { active: servingOne.active, suspended: { since } };
  const autoscaler = {
    metadata: { ...first.metadata, uid: 'uid-of-hpa' },
    spec: { maxReplicas: 1, scaleTargetRef: { kind: 'Deployment', name: nameOfOne } },
  };
  const atZero = byName(deploymentFor(one, 'iris-1', { desired: 0 }));

  it('goes to zero, keeps its objects but the autoscaler, and is no longer routed to', () => {
    const before = stop(1).withStatus(servingOne).build();
    const result = reconciled(before, {
      revisions,
      deployments: byName(first),
      autoscalers: byName(autoscaler),
    });
    expect(result.plan.scales).toMatchObject([
      { deployment: nameOfOne, replicas: 0, cause: 'the endpoint is stopped' },
    ]);
    expect(result.plan.removals.map(({ kind }) => kind.kind)).toEqual(['HorizontalPodAutoscaler']);
    expect(result.plan.children).toEqual([]);
    expect(result.status).toMatchObject({
      ready: 'Suspended',
      version: '1',
      active: servingOne.active,
      suspended: { since: '2026-01-01T00:10:00Z' },
      servedEntities: [{ state: 'Suspended', reason: 'Suspended' }],
    });
    expect(result.status.traffic).toBeUndefined();
    expect(told(result.status)).toMatchObject({
      TrafficRouted: 'False Suspended',
      ConfigUpdate: 'True UpToDate',
      Autoscaling: 'True Suspended',
    });
  });

  it('takes an update down with it, and both come to zero', () => {
    const before = stop(2)
      .withStatus({ ...servingOne, pending })
      .build();
    const { plan, status } = reconciled(before, { revisions, deployments: byName(first, second) });
    expect(plan.scales.map(({ deployment, replicas }) => [deployment, replicas])).toEqual([
      [nameOfOne, 0],
      [nameOfTwo, 0],
    ]);
    expect(status.pending).toBeUndefined();
    expect(told(status)['ConfigUpdate']).toBe('Unknown Suspended');
  });

  it('records and makes nothing for a change meanwhile', () => {
    const { plan } = reconciled(stop(3).withStatus(stopped).build(), { revisions, deployments: atZero });
    expect(plan.newRevision).toBeUndefined();
    expect(plan.children).toEqual([]);
  });

  it('is put to zero again when somebody wakes it', () => {
    const { plan } = reconciled(stop(1).withStatus(stopped).build(), {
      revisions,
      deployments: byName(first),
    });
    expect(plan.scales).toMatchObject([{ replicas: 0 }]);
  });

  it('is brought up when it is started, before it gets any request', () => {
    const started = iris(1).withScaleToZero('10s').withStatus(stopped).build();
    const records = [aRevision(started, 1)];
    const result = reconciled(started, { revisions: records, deployments: atZero });
    expect(result.plan.scales).toMatchObject([{ deployment: nameOfOne, replicas: 1 }]);
    expect(result.plan.children.map(({ kind }) => kind.kind)).not.toContain('HorizontalPodAutoscaler');
    expect(result.status).toMatchObject({ pending: { configVersion: 1 }, ready: 'False', version: '1' });
    expect(result.status.traffic).toBeUndefined();
    expect(result.status.suspended).toBeUndefined();
    expect(told(result.status)['TrafficRouted']).toBe('False Resuming');
  });

  it('serves again once all of it is ready', () => {
    const started = iris(1)
      .withStatus({ active: servingOne.active, pending: { configVersion: 1, since } })
      .build();
    const { status } = reconciled(started, { revisions, deployments: byName(first) });
    expect(status).toMatchObject({ ...servingOne, ready: 'True' });
    expect(status.pending).toBeUndefined();
  });

  it('that was changed meanwhile is started with the change, and falls back where that fails', () => {
    const started = iris(2).withStatus({ active: servingOne.active }).build();
    const result = reconciled(started, { revisions, deployments: atZero });
    expect(result.plan.children.map(({ deployment }) => deployment)).not.toContain(nameOfOne);
    expect(result.status).toMatchObject({ pending: { configVersion: 2 }, version: '1→2' });
    const pods = [fetching('model not found: models:/iris/2: gone')];
    const failing = reconciled(result.endpoint, { revisions, deployments: byName(notReady), pods });
    expect(failing.status.failed).toMatchObject({ configVersion: 2 });
    const fallback = reconciled(failing.endpoint, { revisions, deployments: byName(notReady) });
    expect(fallback.plan.children.map(({ deployment }) => deployment)).toContain(nameOfOne);
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
});
