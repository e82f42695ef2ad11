/** Owns the tests of endpoints that are stopped and started. */
import { describe, expect, it } from 'vitest';
import { aContainer, aPod, ended } from '../operator-fixture.ts';
import { iris, one, reconciled, revisions, servingOne, since, told, two } from './phases-fixture.ts';
import { aRevision, byName, deploymentFor } from './snapshot-fixture.ts';

const [first, second] = [deploymentFor(one, 'iris-1'), deploymentFor(two, 'iris-2')];
const [nameOfOne, nameOfTwo] = [first.metadata!.name!, second.metadata!.name!];
const notReady = deploymentFor(two, 'iris-2', { desired: 1, ready: 0 });
const pending = { configVersion: 2, since: '2026-01-01T00:09:00Z' };
const fetching = (message: string) =>
  aPod('p', nameOfTwo, { initContainerStatuses: [aContainer('fetch-model', ended(1, message))] });

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
