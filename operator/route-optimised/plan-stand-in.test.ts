import { describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import type { Pod } from '../../kube/kinds.ts';
import { aDeployment } from '../../test/support/a-deployment.ts';
import { aPod } from '../operator-fixture.ts';
import { planStandIn } from './plan-stand-in.ts';
import type { StandInEvidence } from './plan-stand-in.ts';

const now = Date.parse('2026-01-01T00:10:00Z');
const ready = (secondsAgo: number | undefined, change: Partial<NonNullable<Pod['metadata']>> = {}): Pod => {
  const at = secondsAgo === undefined ? {} : { lastTransitionTime: timeOf(now - secondsAgo * 1_000) };
  const pod = aPod('p', 'd', { conditions: [{ type: 'Ready', status: 'True', ...at }] });
  const own = { ...pod.metadata?.labels, [labels.routeOptimized]: 'true' };
  return { ...pod, metadata: { ...pod.metadata, labels: own, ...change } };
};
const timeOf = (at: number): string => new Date(at).toISOString();
const replicas = (count: number) => new Map([['d', aDeployment('d').withReplicas(count).build()]]);
const starting = { ...ready(0), status: {} };
const evidence: StandInEvidence = {
  pods: [],
  deployments: replicas(1),
  isLeaving: false,
  standsIn: false,
  switchMs: 5_000,
  now,
};

describe('gateways stand in', () => {
  it.each<[string, Partial<StandInEvidence>]>([
    ['while there is no pod', {}],
    ['while none is ready', { pods: [starting] }],
    ['while the only one goes', { pods: [ready(60, { deletionTimestamp: timeOf(now) })] }],
    [
      'when its Deployment is at zero, whatever the pod says',
      { pods: [ready(60)], deployments: replicas(0) },
    ],
    ['when its Deployment is gone', { pods: [ready(60)], deployments: new Map() }],
    ['before a Deployment goes to zero', { pods: [ready(60)], isLeaving: true }],
    [
      'while the pods are from before it was route-optimised',
      { pods: [ready(60, { labels: { [labels.deployment]: 'd' } })] },
    ],
  ])('%s', (_name, change) => {
    expect(planStandIn({ ...evidence, ...change })).toMatchObject({ standsIn: true, againInMs: undefined });
  });

  it('for a while longer, until everybody knows of the first sidecar that is ready', () => {
    const seen = { ...evidence, standsIn: true, pods: [ready(1), ready(2)] };
    expect(planStandIn(seen)).toEqual({ standsIn: true, sidecarsAnswer: true, againInMs: 3_000 });
  });
});

it.each([
  ['a sidecar answers beside gateways that stand in before it goes', [ready(60)], true],
  ['none answers while none is ready', [starting], false],
])('%s', (_name, pods, sidecarsAnswer) => {
  expect(planStandIn({ ...evidence, pods, isLeaving: true })).toMatchObject({ sidecarsAnswer });
});

describe('sidecars answer alone', () => {
  it.each<[string, Partial<StandInEvidence>]>([
    ['when one has been ready for long enough', { pods: [ready(0), ready(5)], standsIn: true }],
    ['when nobody can tell for how long it has been', { pods: [ready(undefined)], standsIn: true }],
    ['at once, where gateways did not stand in', { pods: [ready(0)] }],
    ['with one of two Deployments at zero', { pods: [ready(60), starting] }],
  ])('%s', (_name, change) => {
    expect(planStandIn({ ...evidence, ...change })).toEqual({
      standsIn: false,
      sidecarsAnswer: true,
      againInMs: undefined,
    });
  });
});
