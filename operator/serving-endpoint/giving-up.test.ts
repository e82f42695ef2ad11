/** Owns the tests of updates that fail: given up, tried again, or not. */
import { describe, expect, it } from 'vitest';
import { annotations } from '../../crds/schema/api.ts';
import { aContainer, aPod, ended } from '../operator-fixture.ts';
import { iris, now, one, reconciled, revisions, servingOne, since, told, two } from './phases-fixture.ts';
import type { Reconciled } from './phases-fixture.ts';
import { byName, deploymentFor } from './snapshot-fixture.ts';

const first = deploymentFor(one, 'iris-1');
const nameOfTwo = deploymentFor(two, 'iris-2').metadata!.name!;
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
  const gaveUp = reconciled(updating, {
    ...seen,
    pods: [fetching('asking the registry\nmodel not found: models:/iris/2: gone')],
  });

  it('is given up at once where the model does not exist, with the cause and nothing else changed', () => {
    expect(gaveUp.status).toMatchObject({
      active: servingOne.active,
      traffic: servingOne.traffic,
      failed: { configVersion: 2, since: '2026-01-01T00:10:00Z', reason: 'ModelNotFound' },
      servedEntities: [{ name: 'iris-1', configVersion: 1 }],
      version: '1',
    });
    expect(gaveUp.status.pending).toBeUndefined();
    // The pods go, and with them their logs.
    expect(gaveUp.status.failed?.message).toBe(
      'iris-2: the model cannot be fetched: model not found: models:/iris/2: gone\nIts last log lines:\nasking the registry',
    );
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
