/** Owns the tests of updates that fail: given up, tried again, or not. */
import { describe, expect, it } from 'vitest';
import { annotations } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
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

  describe('after a break in which nobody worked on it', () => {
    const back = Date.parse(pending.since) + 10 * 3_600_000;
    const after = (endpoint: ServingEndpoint, minutes: number, workedSince?: number) =>
      reconciled(endpoint, { ...seen, pods: [pulling] }, { at: back + minutes * 60_000, workedSince });
    const first = after(reconciled(updating, { ...seen, pods: [pulling] }).endpoint, 1, back);

    it('has all its time anew, and the status says from when on', () => {
      expect(first.status.failed).toBeUndefined();
      expect(first.status.pending).toEqual({ configVersion: 2, since: '2026-01-01T10:09:00Z' });
      // Nothing is written that says the same again, by this leader or the next.
      for (const workedSince of [back, undefined]) {
        expect(after(first.endpoint, 1, workedSince).status).toEqual(first.status);
      }
    });

    it('is given up in the end, also by a leader that knows of no break', () => {
      expect(after(first.endpoint, 4).status.failed).toBeUndefined();
      expect(after(first.endpoint, 5).status.failed).toMatchObject({ reason: 'ImagePullFailed' });
      const slow = reconciled(first.endpoint, seen, { at: back + 3_599_000 });
      expect(slow.status.failed).toBeUndefined();
      const { status } = reconciled(slow.endpoint, seen, { at: back + 3_600_000 });
      expect(status.failed).toMatchObject({ reason: 'DeadlineExceeded' });
    });

    it('is given up at once where waiting cannot help', () => {
      const gone = fetching('model not found: models:/iris/2: gone');
      const { status } = reconciled(updating, { ...seen, pods: [gone] }, { at: back, workedSince: back });
      expect(status.failed).toMatchObject({ reason: 'ModelNotFound' });
    });

    it('becomes active where it became ready meanwhile', () => {
      const ready = { revisions, deployments: byName(deploymentFor(two, 'iris-2')) };
      const { status } = reconciled(updating, ready, { at: back, workedSince: back });
      expect(status.active).toMatchObject({ configVersion: 2 });
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
