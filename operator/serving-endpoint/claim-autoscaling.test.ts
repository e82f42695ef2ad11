/** Owns the proof of what the condition Autoscaling says: the cause, and what to do about it. */
import { describe, expect, it } from 'vitest';
import type { HorizontalPodAutoscaler } from '../../kube/kinds.ts';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { autoscalingClaim } from './claim-autoscaling.ts';
import type { AutoscalingOutlook } from './claim-autoscaling.ts';
import { aSnapshot, deploymentFor } from './snapshot-fixture.ts';

const endpoint = anEndpoint('iris').servingModel('models:/iris/1').build();
const [served] = endpoint.spec.servedEntities;
const deployment = deploymentFor(endpoint, 'iris-1');
const name = deployment.metadata!.name!;

type HpaCondition = NonNullable<NonNullable<HorizontalPodAutoscaler['status']>['conditions']>[number];
const hpa = (...conditions: Pick<HpaCondition, 'type' | 'status' | 'reason' | 'message'>[]) =>
  ({ metadata: { name }, status: { conditions } }) as HorizontalPodAutoscaler;
const active = { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound', message: '' };
const told = (
  seen: Partial<AutoscalingOutlook['snapshot']>,
  given: { replicas?: number; isRouted?: boolean; isSuspended?: boolean } = {},
) => {
  const { replicas = 1, isRouted = true, isSuspended = false } = given;
  const observed = { ...deployment, spec: { ...deployment.spec!, replicas } };
  const entity = { entity: served!, deployment: name, observed, blueprint: undefined };
  return autoscalingClaim({
    snapshot: { ...aSnapshot(endpoint), autoscalers: new Map([[name, hpa(active)]]), ...seen },
    activeEntities: [entity as unknown as AutoscalingOutlook['activeEntities'][number]],
    isRouted,
    isSuspended,
  });
};
const annotated = (word: string) => ({
  endpoint: {
    ...endpoint,
    metadata: { ...endpoint.metadata, annotations: { 'serving.fairlead.dev/autoscaling': word } },
  },
});
const autoscalers = (...conditions: Parameters<typeof hpa>) => ({
  autoscalers: new Map([[name, hpa(...conditions)]]),
});
const ofEarlier = {
  apiVersion: 'serving.fairlead.dev/v1alpha1',
  kind: 'ServingEndpoint',
  name: 'iris',
  uid: 'uid-of-the-earlier-one',
  controller: true,
};
const metriclessHpa = (metadata: HorizontalPodAutoscaler['metadata']) => {
  const judged = hpa({ ...active, status: 'False', reason: 'FailedGetExternalMetric', message: 'none' });
  return { autoscalers: new Map([[name, { ...judged, metadata: { name, ...metadata } }]]) };
};
const able = { type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale', message: '' };

describe('the condition Autoscaling', () => {
  it.each<[when: string, claim: ReturnType<typeof told>, status: string, reason: string, words: RegExp]>([
    ['replicas follow demand', told({}), 'True', 'FollowingDemand', /follow demand/],
    ['nothing has traffic', told({}, { isRouted: false }), 'Unknown', 'Pending', /traffic/],
    ['it is stopped', told({}, { isSuspended: true }), 'True', 'Suspended', /stopped/],
    ['it is at zero', told({}, { replicas: 0 }), 'True', 'ScaledToZero', /rests/],
    ['the HPA has not judged yet', told({ autoscalers: new Map() }), 'Unknown', 'Pending', /not judged yet/],
    [
      'the HPA is one of an earlier endpoint, whatever that says',
      told(metriclessHpa({ ownerReferences: [ofEarlier] })),
      'Unknown',
      'Pending',
      /still being removed/,
    ],
    [
      'the HPA is just being deleted, whatever it says',
      told(metriclessHpa({ deletionTimestamp: '2026-01-01T00:00:00Z' })),
      'Unknown',
      'Pending',
      /still being removed/,
    ],
    [
      'there are as many replicas as there may be',
      told(
        autoscalers(active, {
          type: 'ScalingLimited',
          status: 'True',
          reason: 'TooManyReplicas',
          message: '',
        }),
      ),
      'True',
      'AtMaximum',
      /raise workload\.size or maxConcurrency/,
    ],
    [
      'the HPA gets no metric',
      told(
        autoscalers({
          ...active,
          status: 'False',
          reason: 'FailedGetExternalMetric',
          message: 'no metrics returned',
        }),
      ),
      'False',
      'MetricsUnavailable',
      /no metrics returned.*stays as it is.*kubectl get apiservice/,
    ],
    [
      'the HPA may not write the scale',
      told(autoscalers(active, { ...able, status: 'False', reason: 'FailedUpdateScale', message: 'quota' })),
      'False',
      'ScaleRefused',
      /quota.*kubectl describe hpa/,
    ],
    [
      'pods match two HPAs',
      told(
        autoscalers({
          ...active,
          status: 'False',
          reason: 'AmbiguousSelector',
          message: 'more than one HPA',
        }),
      ),
      'False',
      'AutoscalerConflict',
      /more than one HPA.*delete it/,
    ],
    [
      'an HPA of somebody else scales too',
      told({ rivals: new Map([[name, ['mine']]]) }),
      'False',
      'AutoscalerConflict',
      /HorizontalPodAutoscaler mine.*delete it/,
    ],
    [
      'the metrics API is somebody else’s',
      told({ scalingMode: { metricsApi: 'taken', nativeZero: 'off' }, autoscalers: new Map() }),
      'True',
      'MetricsApiTaken',
      /the operator itself scales/,
    ],
    [
      'the metrics API is nobody’s',
      told({ scalingMode: { metricsApi: 'missing', nativeZero: 'off' }, autoscalers: new Map() }),
      'True',
      'MetricsApiMissing',
      /the operator itself scales/,
    ],
    ['a person holds it still', told(annotated('paused')), 'False', 'Paused', /neither come nor go.*removed/],
    ['no replica may go', told(annotated('paused-scale-in')), 'False', 'Paused', /no replica goes/],
    ['no replica may come', told(annotated('paused-scale-out')), 'False', 'Paused', /no replica comes/],
    ['the pause is misspelt', told(annotated('pausd')), 'False', 'PauseUnknown', /"pausd".*paused-scale-in/],
    [
      'the cluster cannot go to zero natively',
      told({ scalingMode: { metricsApi: 'ours', nativeZero: 'refused' } }),
      'True',
      'FollowingDemand',
      /HPAScaleToZero.*the operator does/,
    ],
    [
      'the cluster does not say whether it can go to zero natively',
      told({ scalingMode: { metricsApi: 'ours', nativeZero: 'unknown' } }),
      'True',
      'FollowingDemand',
      /did not say.*the log of the operator.*the operator does/,
    ],
    [
      'the cluster does not say so while it is at zero',
      told({ scalingMode: { metricsApi: 'ours', nativeZero: 'unknown' } }, { replicas: 0 }),
      'True',
      'ScaledToZero',
      /did not say/,
    ],
  ])('says when %s', (_when, claim, status, reason, words) => {
    expect(claim).toMatchObject({ type: 'Autoscaling', status, reason });
    expect(claim.message).toMatch(words);
  });
});
