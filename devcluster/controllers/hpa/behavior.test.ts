import { describe, expect, it } from 'vitest';
import { testEpoch } from '../objects/object-builders.ts';
import type { AutoscalerSpec } from '../objects/kinds.ts';
import type { ScalingHistory } from './behavior.ts';
import { behaviorOf, decideReplicas, noHistory, withChange } from './behavior.ts';

type BehaviorSpec = NonNullable<AutoscalerSpec['behavior']>;
const second = 1_000;

function decide(
  desired: number,
  options: {
    readonly current: number;
    readonly behavior?: BehaviorSpec;
    readonly history?: ScalingHistory;
    readonly min?: number;
    readonly max?: number;
  },
) {
  const { current, behavior, history = noHistory, min = 1, max = 100 } = options;
  const spec = {
    maxReplicas: max,
    scaleTargetRef: { kind: 'Deployment', name: 'web' },
    ...(behavior === undefined ? {} : { behavior }),
  };
  const limits = { current, min, max, now: testEpoch };
  const { replicas, stabilized, limited } = decideReplicas(desired, behaviorOf(spec), history, limits);
  return [replicas, stabilized ?? limited ?? 'as desired'];
}

const recommended = (...entries: [secondsAgo: number, replicas: number][]): ScalingHistory => ({
  recommendations: entries.map(([ago, replicas]) => ({ at: testEpoch - ago * second, replicas })),
  changes: [],
});
const changed = (...entries: [secondsAgo: number, by: number][]): ScalingHistory => ({
  recommendations: [{ at: testEpoch - 400 * second, replicas: 0 }],
  changes: entries.map(([ago, by]) => ({ at: testEpoch - ago * second, by })),
});
const noWait = { stabilizationWindowSeconds: 0 };
const policy = (type: string, value: number, periodSeconds = 60) => ({ type, value, periodSeconds });

describe('stabilisation', () => {
  it.each<[string, number, Parameters<typeof decide>[1], [number, string]]>([
    [
      'lets growth through at once by default',
      4,
      { current: 2, history: recommended([10, 2]) },
      [4, 'as desired'],
    ],
    [
      'shrinks only to the highest recommendation of five minutes by default',
      2,
      { current: 8, history: recommended([299, 6], [30, 3]) },
      [6, 'ScaleDownStabilized'],
    ],
    [
      'forgets recommendations older than the window',
      2,
      { current: 8, history: recommended([301, 8], [30, 3]) },
      [3, 'ScaleDownStabilized'],
    ],
    ['does not shrink what it sees for the first time', 1, { current: 5 }, [5, 'ScaleDownStabilized']],
    [
      'shrinks at once where the window is 0',
      1,
      { current: 5, behavior: { scaleDown: noWait }, history: recommended([1, 5]) },
      [1, 'as desired'],
    ],
    [
      'grows only to the lowest recommendation of its window',
      9,
      {
        current: 2,
        behavior: { scaleUp: { stabilizationWindowSeconds: 60 } },
        history: recommended([50, 3], [20, 7]),
      },
      [3, 'ScaleUpStabilized'],
    ],
  ])('%s', (_name, desired, options, expected) => {
    expect(decide(desired, options)).toEqual(expected);
  });
});

describe('policies for growing', () => {
  it.each<[string, number, Parameters<typeof decide>[1], [number, string]]>([
    ['add four pods to few by default', 50, { current: 2, history: changed() }, [6, 'ScaleUpLimit']],
    ['double many by default', 50, { current: 10, history: changed() }, [20, 'ScaleUpLimit']],
    [
      'count what was added in the period',
      50,
      { current: 6, history: changed([10, 4]) },
      [6, 'ScaleUpLimit'],
    ],
    [
      'forget what was added before the period',
      50,
      { current: 6, history: changed([16, 4]) },
      [12, 'ScaleUpLimit'],
    ],
    [
      'round percentages up',
      50,
      { current: 3, behavior: { scaleUp: { policies: [policy('Percent', 10)] } }, history: changed() },
      [4, 'ScaleUpLimit'],
    ],
    [
      'take the smallest change with Min',
      50,
      {
        current: 10,
        behavior: { scaleUp: { selectPolicy: 'Min', policies: [policy('Percent', 100), policy('Pods', 2)] } },
        history: changed(),
      },
      [12, 'ScaleUpLimit'],
    ],
    [
      'do not grow when disabled',
      50,
      { current: 3, behavior: { scaleUp: { selectPolicy: 'Disabled' } }, history: changed() },
      [3, 'ScaleUpLimit'],
    ],
    ['stop at the maximum', 50, { current: 10, max: 12, history: changed() }, [12, 'TooManyReplicas']],
    [
      'count back what was removed in the period',
      50,
      {
        current: 4,
        behavior: { scaleUp: { policies: [policy('Pods', 1)] } },
        history: changed([30, -3]),
      },
      [8, 'ScaleUpLimit'],
    ],
  ])('%s', (_name, desired, options, expected) => {
    expect(decide(desired, options)).toEqual(expected);
  });
});

describe('policies for shrinking', () => {
  const down = (rules: NonNullable<BehaviorSpec['scaleDown']>): BehaviorSpec => ({
    scaleDown: { ...noWait, ...rules },
  });
  it.each<[string, number, Parameters<typeof decide>[1], [number, string]]>([
    [
      'remove all at once by default',
      1,
      { current: 50, behavior: down({}), history: changed() },
      [1, 'as desired'],
    ],
    [
      'remove so many pods in a period',
      1,
      { current: 10, behavior: down({ policies: [policy('Pods', 3)] }), history: changed() },
      [7, 'ScaleDownLimit'],
    ],
    [
      'count what was removed in the period',
      1,
      { current: 8, behavior: down({ policies: [policy('Pods', 3)] }), history: changed([30, -2]) },
      [7, 'ScaleDownLimit'],
    ],
    [
      'round what stays down',
      1,
      { current: 5, behavior: down({ policies: [policy('Percent', 10)] }), history: changed() },
      [4, 'ScaleDownLimit'],
    ],
    [
      'take the largest change with Max',
      1,
      {
        current: 10,
        behavior: down({ policies: [policy('Percent', 50), policy('Pods', 2)] }),
        history: changed(),
      },
      [5, 'ScaleDownLimit'],
    ],
    [
      'take the smallest change with Min',
      1,
      {
        current: 10,
        behavior: down({ selectPolicy: 'Min', policies: [policy('Percent', 50), policy('Pods', 2)] }),
        history: changed(),
      },
      [8, 'ScaleDownLimit'],
    ],
    [
      'do not shrink when disabled',
      1,
      { current: 3, behavior: down({ selectPolicy: 'Disabled' }), history: changed() },
      [3, 'ScaleDownLimit'],
    ],
    [
      'stop at the minimum',
      0,
      { current: 5, min: 2, behavior: down({}), history: changed() },
      [2, 'TooFewReplicas'],
    ],
    [
      'say so where the minimum is what there is',
      0,
      { current: 1, behavior: down({}), history: changed() },
      [1, 'TooFewReplicas'],
    ],
  ])('%s', (_name, desired, options, expected) => {
    expect(decide(desired, options)).toEqual(expected);
  });
});

describe('the history', () => {
  it('remembers a change, and not that nothing changed', () => {
    expect(withChange(noHistory, 2, 2, testEpoch)).toBe(noHistory);
    expect(withChange(noHistory, 5, 2, testEpoch).changes).toEqual([{ at: testEpoch, by: -3 }]);
  });

  it('does not grow without end', () => {
    const behavior = behaviorOf({ maxReplicas: 9, scaleTargetRef: { kind: 'Deployment', name: 'web' } });
    let history = noHistory;
    for (let at = 0; at < 3_600; at += 15) {
      const limits = { current: 3, min: 1, max: 9, now: testEpoch + at * second };
      history = decideReplicas(3, behavior, withChange(history, 1, 2, limits.now), limits).history;
    }
    expect(history.recommendations.length).toBeLessThanOrEqual(21);
    expect(history.changes.length).toBeLessThanOrEqual(2);
  });
});
