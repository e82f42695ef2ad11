import { describe, expect, it } from 'vitest';
import { testEpoch } from '../objects/object-builders.ts';
import type { Autoscaler, AutoscalerSpec, AutoscalerStatus } from '../objects/kinds.ts';
import { timestamp } from '../objects/kinds.ts';
import { noHistory } from './behavior.ts';
import type { Readings } from './plan.ts';
import { needsMetrics, planScale, statusOf, zeroOf } from './plan.ts';

const spec = { minReplicas: 1, maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'web' } };
const name = 'external metric demand(app=web)';
const none: Readings = { proposals: [], names: [], failures: [], metrics: [] };
const asks = (replicas: number): Readings => ({
  ...none,
  proposals: [{ replicas, current: 0n }],
  names: [name],
});
const unread: Readings = { ...none, proposals: [undefined], names: [name], failures: ['connection refused'] };

const plan = (current: number, readings: Readings = none) =>
  planScale({ spec }, current, readings, noHistory, testEpoch);
const reasons = (planned: ReturnType<typeof plan>) => planned.conditions.map(({ reason }) => reason);

describe('one look of an autoscaler', () => {
  it.each<[string, number, Readings, number, string[]]>([
    ['does nothing at zero', 0, none, 0, ['SucceededGetScale', 'ScalingDisabled']],
    ['comes down to the maximum first', 7, none, 5, ['SucceededGetScale']],
    [
      'keeps what the metrics ask for',
      3,
      asks(3),
      3,
      ['ValidMetricFound', 'ReadyForNewScale', 'DesiredWithinRange'],
    ],
    ['grows', 1, asks(3), 3, ['ValidMetricFound', 'ReadyForNewScale', 'DesiredWithinRange']],
    ['grows to the maximum', 3, asks(9), 5, ['ValidMetricFound', 'ReadyForNewScale', 'TooManyReplicas']],
    ['never asks for zero', 1, asks(0), 1, ['ValidMetricFound', 'ScaleDownStabilized', 'DesiredWithinRange']],
    ['changes nothing without metrics', 3, unread, 3, ['SucceededGetScale', 'FailedGetExternalMetric']],
    ['changes nothing where it has no metrics', 3, none, 3, ['SucceededGetScale', 'FailedGetExternalMetric']],
  ])('%s', (_name, current, readings, desired, expected) => {
    const planned = plan(current, readings);
    expect(planned.desired).toBe(desired);
    expect(reasons(planned)).toEqual(expected);
  });

  it('comes up to the minimum first', () => {
    const planned = planScale({ spec: { ...spec, minReplicas: 2 } }, 1, none, noHistory, testEpoch);
    expect([planned.desired, planned.why]).toEqual([2, 'Current number of replicas below Spec.MinReplicas']);
  });

  it('says why metrics are missing', () => {
    expect(plan(3, unread).failure).toBe(
      'invalid metrics (1 invalid out of 1), first error is: connection refused',
    );
  });

  it.each([
    [0, false],
    [1, true],
    [5, true],
    [6, false],
  ])('at %i replicas reads metrics: %s', (current, expected) => {
    expect(needsMetrics({ spec }, current)).toBe(expected);
  });
});

describe('an autoscaler whose target is at zero (Kubernetes 1.37)', () => {
  const metrics = [
    { type: 'External' as const, external: { metric: { name: 'demand' }, target: { type: 'Value' } } },
  ];
  const mayGoThere = { ...spec, minReplicas: 0, metrics };
  const told = (status: string): AutoscalerStatus => ({
    desiredReplicas: 0,
    conditions: [{ type: 'ScaledToZero', status, reason: 'r', message: '', lastTransitionTime: '' }],
  });

  it.each<[string, AutoscalerSpec, AutoscalerStatus | undefined, boolean]>([
    ['rests where somebody else took it there', mayGoThere, undefined, false],
    ['rests where it has scaled since', mayGoThere, told('False'), false],
    ['reads the demand where it went there itself', mayGoThere, told('True'), true],
    ['rests where it has no demand to read', { ...spec, minReplicas: 0 }, told('True'), false],
    ['comes back where it may not stay there any more', spec, told('True'), true],
  ])('%s', (_name, given, status, expected) => {
    const autoscaler = { spec: given, ...(status === undefined ? {} : { status }) };
    expect(needsMetrics(autoscaler, 0)).toBe(expected);
    const rests = reasons(planScale(autoscaler, 0, asks(0), noHistory, testEpoch)).includes(
      'ScalingDisabled',
    );
    expect(rests).toBe(!expected);
  });

  it.each<[string, AutoscalerSpec, number, number]>([
    ['stays there without demand', mayGoThere, 0, 0],
    ['comes back for demand', mayGoThere, 2, 2],
    ['comes back to its new minimum without demand', spec, 0, 1],
  ])('%s, having gone there itself', (_name, given, asked, desired) => {
    const autoscaler = { spec: given, status: told('True') };
    expect(planScale(autoscaler, 0, asks(asked), noHistory, testEpoch).desired).toBe(desired);
  });

  it.each<[string, AutoscalerSpec, number, number, string]>([
    ['it took it there', mayGoThere, 1, 0, 'True'],
    ['it took it elsewhere', mayGoThere, 3, 1, 'False'],
    ['it came back', mayGoThere, 0, 1, 'False'],
    ['it cannot go there', spec, 3, 1, 'False'],
  ])('says whether %s', (_name, given, current, desired, status) => {
    expect(zeroOf(given, { ...plan(current, asks(desired)), desired })).toMatchObject({
      type: 'ScaledToZero',
      status,
    });
  });
});

describe('the status of an autoscaler', () => {
  const autoscaler: Autoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', uid: 'u', resourceVersion: '1', creationTimestamp: timestamp(testEpoch) },
    spec,
  };

  it('keeps transition times while a condition stays the same', () => {
    const first = statusOf(autoscaler, plan(3, asks(3)), testEpoch);
    const second = statusOf({ ...autoscaler, status: first }, plan(3, asks(3)), testEpoch + 60_000);
    expect(second).toEqual(first);
  });

  it('notes when it scaled', () => {
    const first = statusOf(autoscaler, { ...plan(1, asks(3)), rescaled: true }, testEpoch);
    expect(first).toMatchObject({
      lastScaleTime: timestamp(testEpoch),
      currentReplicas: 1,
      desiredReplicas: 3,
    });
    const second = statusOf({ ...autoscaler, status: first }, plan(3, asks(3)), testEpoch + 60_000);
    expect(second.lastScaleTime).toBe(timestamp(testEpoch));
  });
});
