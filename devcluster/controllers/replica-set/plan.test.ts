import { describe, expect, it } from 'vitest';
import { aPod, aReplicaSet, testEpoch } from '../objects/object-builders.ts';
import type { Pod } from '../objects/kinds.ts';
import { timestamp } from '../objects/kinds.ts';
import { planReplicas, removalOrder } from './plan.ts';
import { nextAvailableIn, statusOf } from './status.ts';

const second = 1_000;

describe('the pods of a ReplicaSet', () => {
  it.each([
    ['are made where they are missing', 1, 2, 0],
    ['are left where they are enough', 3, 0, 0],
    ['are removed where they are too many', 5, 0, 2],
  ])('%s', (_name, present, create, remove) => {
    const pods = Array.from({ length: present }, (_, index) => aPod(`pod-${index}`));
    const plan = planReplicas(aReplicaSet('rs', 3), pods);
    expect([plan.create, plan.remove.length]).toEqual([create, remove]);
  });

  it('are left alone while the ReplicaSet is being deleted', () => {
    const deleting = aReplicaSet('rs', 3, 3, { metadata: { deletionTimestamp: timestamp(testEpoch) } });
    expect(planReplicas(deleting, [])).toEqual({ create: 0, remove: [] });
  });

  const ready = testEpoch - 60 * second;
  it.each<[string, Pod, Pod]>([
    ['one without a node', aPod('a', { spec: { nodeName: '' } }), aPod('b')],
    ['one that is pending', aPod('a', { phase: 'Pending' }), aPod('b')],
    ['one that is not ready', aPod('a'), aPod('b', { readySince: ready })],
    [
      'one with the lower deletion cost',
      aPod('a', {
        readySince: ready,
        metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-5' } },
      }),
      aPod('b', { readySince: ready }),
    ],
    ['one that became ready later', aPod('a', { readySince: testEpoch }), aPod('b', { readySince: ready })],
    [
      'one that restarted more often',
      aPod('a', {
        readySince: ready,
        containerStatuses: [{ name: 'web', image: '', imageID: '', ready: true, restartCount: 3 }],
      }),
      aPod('b', { readySince: ready }),
    ],
    [
      'the younger one',
      aPod('a', { readySince: ready, metadata: { creationTimestamp: timestamp(testEpoch + second) } }),
      aPod('b', { readySince: ready }),
    ],
  ])('are removed in order: first %s', (_name, first, second_) => {
    expect([second_, first].sort(removalOrder)[0]).toBe(first);
  });
});

describe('the status of a ReplicaSet', () => {
  const set = aReplicaSet('rs', 2, 0, { minReadySeconds: 10 });

  it('counts a pod as available when it has been ready for minReadySeconds', () => {
    const pods = [
      aPod('a', { readySince: testEpoch - 10 * second }),
      aPod('b', { readySince: testEpoch - 4 * second }),
    ];
    expect(statusOf(set, pods, undefined, testEpoch)).toMatchObject({
      replicas: 2,
      readyReplicas: 2,
      availableReplicas: 1,
    });
    expect(nextAvailableIn(set, pods, testEpoch)).toBe(6 * second);
  });

  it('waits for nothing when no pod is ready', () => {
    expect(nextAvailableIn(set, [aPod('a')], testEpoch)).toBeUndefined();
  });

  it('keeps time and words of a failure that goes on, and drops it when it is over', () => {
    const failure = { reason: 'FailedCreate', message: 'no' } as const;
    const failed = statusOf(set, [], failure, testEpoch);
    const other = { ...failure, message: 'no, in other words' };
    const again = statusOf({ ...set, status: failed }, [], other, testEpoch + second);
    expect(again.conditions).toEqual(failed.conditions);
    expect(statusOf({ ...set, status: failed }, [], undefined, testEpoch).conditions).toBeUndefined();
  });
});
