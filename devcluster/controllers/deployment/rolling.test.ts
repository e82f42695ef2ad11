import { describe, expect, it } from 'vitest';
import { aDeployment, aReplicaSet } from '../objects/object-builders.ts';
import { budgetOf } from './budget.ts';
import { newReplicaSetSize, planOldScaleDown } from './rolling.ts';

const rolling = (maxSurge?: number | string, maxUnavailable?: number | string) => ({
  type: 'RollingUpdate',
  rollingUpdate: {
    ...(maxSurge === undefined ? {} : { maxSurge }),
    ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
  },
});

describe('the budget of a rollout', () => {
  it.each([
    ['takes 25 % for both by default', 4, rolling(), 1, 1],
    ['rounds surge up and unavailable down', 10, rolling('25%', '25%'), 3, 2],
    ['lets a single pod be surged over, not taken away', 1, rolling(), 1, 0],
    ['takes numbers as they are', 4, rolling(3, 2), 3, 2],
    ['lets one pod be unavailable when both are 0', 4, rolling(0, 0), 0, 1],
    ['lets one pod be unavailable when both round to 0', 3, rolling('0%', '10%'), 0, 1],
    ['has no more unavailable pods than pods', 2, rolling(0, 5), 0, 2],
    ['does not round 7 % of 100 up to 8', 100, rolling('7%', 0), 7, 0],
    ['has neither for Recreate', 4, { type: 'Recreate' }, 0, 0],
  ])('%s', (_name, replicas, strategy, maxSurge, maxUnavailable) => {
    const budget = budgetOf(aDeployment({ replicas, strategy }));
    expect(budget).toEqual({ replicas, maxSurge, maxUnavailable });
  });

  it('refuses text that is not a percentage', () => {
    expect(() => budgetOf(aDeployment({ strategy: rolling('many') }))).toThrow('"many" is neither');
  });
});

describe('the size of the new ReplicaSet', () => {
  it.each([
    ['grows by the surge when all old pods are there', 0, 4, 1],
    ['grows into the room that old pods left', 1, 3, 3],
    ['stays while the surge is used up', 1, 5, 1],
    ['never grows above spec.replicas', 3, 3, 4],
    ['shrinks to spec.replicas at once', 6, 6, 4],
  ])('%s', (_name, current, total, expected) => {
    expect(newReplicaSetSize({ replicas: 4, maxSurge: 1, maxUnavailable: 1 }, current, total)).toBe(expected);
  });
});

describe('the shrinking of old ReplicaSets', () => {
  const budget = { replicas: 4, maxSurge: 1, maxUnavailable: 1 };
  const sizes = (current: [number, number], ...old: [number, number][]): Record<string, number> => {
    const sets = old.map(([replicas, available], index) => aReplicaSet(`old-${index}`, replicas, available));
    const resize = planOldScaleDown(budget, aReplicaSet('new', ...current), sets);
    return Object.fromEntries(resize.map(({ replicaSet, replicas }) => [replicaSet.metadata.name, replicas]));
  };

  it.each<[string, [number, number], [number, number][], Record<string, number>]>([
    ['takes as many as may be unavailable', [0, 0], [[4, 4]], { 'old-0': 3 }],
    ['counts new pods that are not available as missing already', [1, 0], [[4, 4]], { 'old-0': 3 }],
    ['waits while new pods are not available and nothing is to spare', [2, 0], [[3, 3]], {}],
    ['goes on when a new pod became available', [1, 1], [[4, 4]], { 'old-0': 2 }],
    [
      'takes pods that are not available first',
      [1, 1],
      [
        [2, 2],
        [2, 0],
      ],
      { 'old-0': 2, 'old-1': 0 },
    ],
    ['takes all broken pods of a failed rollout', [0, 0], [[4, 0]], { 'old-0': 3 }],
    ['takes the rest once the new ones are available', [4, 4], [[1, 1]], { 'old-0': 0 }],
    ['does nothing without old pods', [2, 2], [[0, 0]], {}],
    [
      'takes the oldest ReplicaSet first',
      [2, 2],
      [
        [1, 1],
        [2, 2],
      ],
      { 'old-0': 0, 'old-1': 1 },
    ],
  ])('%s', (_name, current, old, expected) => {
    const result = sizes(current, ...old);
    const changed = Object.fromEntries(
      Object.entries(expected).filter(([name, replicas]) => replicas !== old[Number(name.slice(4))]?.[0]),
    );
    expect(result).toEqual(changed);
  });
});
