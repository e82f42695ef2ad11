/** Owns the tests of what is reported of an endpoint: conditions, the switch, times. */
import { describe, expect, it } from 'vitest';
import type { ServingEndpointStatus } from '../../crds/schema/serving-endpoint.ts';
import { entityReasons } from '../../crds/schema/reasons.ts';
import type { HorizontalPodAutoscaler } from '../../kube/kinds.ts';
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
  uid,
} from './phases-fixture.ts';
import { byName, deploymentFor } from './snapshot-fixture.ts';

const { active, traffic } = servingOne;
const trafficOfTwo = routedTo(two, 2);
const report = (...args: Parameters<typeof reconciled>) => reconciled(...args).status;
const refused = (message: string) => ({ reason: entityReasons.objectRefused, message });

const takenApi = { metricsApi: 'taken', nativeZero: 'off' } as const;
const autoscaler = (deployment: string, active: string, reason: string): HorizontalPodAutoscaler => ({
  metadata: { name: deployment },
  spec: { maxReplicas: 1, scaleTargetRef: { kind: 'Deployment', name: deployment } },
  status: {
    desiredReplicas: 1,
    conditions: [{ type: 'ScalingActive', status: active, reason, message: 'no metrics' }],
  },
});
const [first, second] = [deploymentFor(one, 'iris-1'), deploymentFor(two, 'iris-2')];
const crashing = aPod('p', second.metadata!.name!, {
  initContainerStatuses: [
    aContainer(
      'fetch-model',
      { waiting: { reason: 'CrashLoopBackOff' } },
      { restartCount: 2, lastState: ended(1, 'log line\nno such model') },
    ),
  ],
});
const failing = deploymentFor(two, 'iris-2', { desired: 1, ready: 0 });
const activeOne = iris(1).withStatus(servingOne).build();
const updating = iris(2).withStatus(servingOne).build();

describe('what is reported (kstatus)', () => {
  it.each<[string, () => ServingEndpointStatus, Record<string, string>, string[]]>([
    [
      'of a new endpoint',
      () => report(one),
      {
        Ready: 'False Deploying',
        ConfigUpdate: 'Unknown InProgress',
        TrafficRouted: 'False NoActiveConfig',
        Autoscaling: 'Unknown Pending',
        Reconciling: 'True Progressing',
      },
      ['Stalled'],
    ],
    [
      'of the first config that is ready',
      () => report(one, { deployments: byName(first) }),
      { Ready: 'True Serving', ConfigUpdate: 'True UpToDate', TrafficRouted: 'True Routed' },
      ['Reconciling', 'Stalled'],
    ],
    [
      'of a first config that fails',
      () => report(two, { deployments: byName(failing), pods: [crashing] }),
      { Ready: 'False ModelFetchFailed', ConfigUpdate: 'False UpdateFailed', Stalled: 'True UpdateFailed' },
      ['Reconciling'],
    ],
    [
      'of an update that goes on',
      () => report(updating, { revisions, deployments: byName(first) }),
      { Ready: 'True Serving', ConfigUpdate: 'Unknown InProgress', Reconciling: 'True Progressing' },
      ['Stalled'],
    ],
    [
      'of an update that fails and may yet heal',
      () => report(updating, { revisions, deployments: byName(first, failing), pods: [crashing] }),
      { Ready: 'True Serving', ConfigUpdate: 'Unknown InProgress', Reconciling: 'True Progressing' },
      ['Stalled'],
    ],
    [
      'at zero',
      () =>
        report(activeOne, { revisions, deployments: byName(deploymentFor(one, 'iris-1', { desired: 0 })) }),
      { Ready: 'True ScaledToZero', Autoscaling: 'True ScaledToZero' },
      ['Reconciling', 'Stalled'],
    ],
    [
      'of a wake-up',
      () => {
        const waking = deploymentFor(one, 'iris-1', { ready: 0 });
        const servedEntities = [
          {
            name: 'iris-1',
            configVersion: 1,
            state: 'ScaledToZero' as const,
            deployment: waking.metadata!.name!,
          },
        ];
        const endpoint = iris(1).withStatus({ active, traffic, servedEntities }).build();
        return report(endpoint, { revisions, deployments: byName(waking) });
      },
      { Ready: 'True ScaledToZero', ConfigUpdate: 'True UpToDate' },
      ['Reconciling', 'Stalled'],
    ],
    [
      'of a change that the cluster refuses to what serves',
      () => {
        const refusals = new Map([[first.metadata!.name!, refused('no quota')]]);
        return report(activeOne, { revisions, deployments: byName(first) }, { refusals });
      },
      { Ready: 'True Serving', ConfigUpdate: 'True UpToDate', Stalled: 'True ObjectRefused' },
      ['Reconciling'],
    ],
    [
      'of replicas that are gone',
      () => report(activeOne, { revisions, deployments: byName(deploymentFor(one, 'iris-1', { ready: 0 })) }),
      { Ready: 'False ReplicasUnavailable', ConfigUpdate: 'True UpToDate', Reconciling: 'True Progressing' },
      ['Stalled'],
    ],
    [
      'of an active config whose pods have failed',
      () => {
        const endpoint = iris(2)
          .withStatus({ active: { configVersion: 2, since }, traffic: trafficOfTwo })
          .build();
        return report(endpoint, { revisions, deployments: byName(failing), pods: [crashing] });
      },
      { Ready: 'False ModelFetchFailed', ConfigUpdate: 'True UpToDate', Stalled: 'True ModelFetchFailed' },
      ['Reconciling'],
    ],
    [
      'of an autoscaler that follows',
      () =>
        report(activeOne, {
          revisions,
          deployments: byName(first),
          autoscalers: byName(autoscaler(first.metadata!.name!, 'True', 'ValidMetricFound')),
        }),
      { Autoscaling: 'True FollowingDemand' },
      [],
    ],
    [
      'of an autoscaler without metrics',
      () =>
        report(activeOne, {
          revisions,
          deployments: byName(first),
          autoscalers: byName(autoscaler(first.metadata!.name!, 'False', 'FailedGetExternalMetric')),
        }),
      { Ready: 'True Serving', Autoscaling: 'False MetricsUnavailable' },
      [],
    ],
    [
      'of an autoscaler that still rests after a wake-up',
      () =>
        report(activeOne, {
          revisions,
          deployments: byName(first),
          autoscalers: byName(autoscaler(first.metadata!.name!, 'False', 'ScalingDisabled')),
        }),
      { Autoscaling: 'True FollowingDemand' },
      [],
    ],
    [
      'where another adapter serves the metrics API',
      () => report(activeOne, { revisions, deployments: byName(first), scalingMode: takenApi }),
      { Autoscaling: 'True MetricsApiTaken' },
      [],
    ],
    [
      'without a certificate',
      () =>
        report(one, { deployments: byName(first) }, { certificate: { problem: 'taken', isUsable: false } }),
      { Ready: 'False CertificatesNotReady', CertificatesReady: 'False IssueFailed' },
      [],
    ],
    [
      'with a certificate that cannot be renewed',
      () =>
        report(one, { deployments: byName(first) }, { certificate: { problem: 'refused', isUsable: true } }),
      { Ready: 'True Serving', CertificatesReady: 'False IssueFailed' },
      [],
    ],
    [
      'of fields that are not acted on yet',
      () =>
        report(
          iris(1)
            .withSpec({ aiGateway: { guardrails: { input: { safety: true } } } })
            .build(),
        ),
      { FieldsSupported: 'False NotYetSupported' },
      ['DirectAccess'],
    ],
  ])('%s', (_name, make, conditions, absent) => {
    const status = make();
    expect(told(status)).toMatchObject(conditions);
    for (const type of absent) expect(told(status)).not.toHaveProperty(type);
    expect(status).toMatchObject({ observedGeneration: 4, id: uid.replaceAll('-', '') });
    expect(status.ready).toBe(told(status)['Ready']?.split(' ')[0]);
  });

  it('tells the log in the row and the cause alone in the conditions of the update', () => {
    const status = report(updating, { revisions, deployments: byName(first, failing), pods: [crashing] });
    const update = status.conditions?.find(({ type }) => type === 'ConfigUpdate');
    expect(update?.message).toBe(
      'config version 2 is being brought up: iris-2: the model cannot be fetched: no such model; it is given up if that lasts; config version 1 goes on',
    );
    expect(status.servedEntities?.[1]?.message).toContain('log line');
  });
});

it('cuts what others say to what the API server takes', () => {
  const message = 'denied '.repeat(10_000);
  const refusals = new Map([[first.metadata!.name!, refused(message)]]);
  const status = report(one, { deployments: byName(first) }, { refusals });
  expect(status.servedEntities?.[0]?.message).toHaveLength(32_000);
});

describe('the switch', () => {
  it('happens in one status: active, pending, traffic and rows together', () => {
    const status = report(updating, { revisions, deployments: byName(first, second) });
    expect(status).toMatchObject({
      active: { configVersion: 2, since: '2026-01-01T00:10:00Z' },
      traffic: [
        { servedEntity: 'iris-2', percent: 100, deployment: second.metadata!.name!, configVersion: 2 },
      ],
      servedEntities: [{ name: 'iris-2', configVersion: 2 }],
    });
    expect(status.pending).toBeUndefined();
  });

  it('does not happen when the cluster refuses something of the new version', () => {
    const refusals = new Map([[second.metadata!.name!, refused('exceeded quota')]]);
    const status = report(updating, { revisions, deployments: byName(first, second) }, { refusals });
    expect(status.active).toEqual(active);
    expect(told(status)).toMatchObject({ Ready: 'True Serving', ConfigUpdate: 'Unknown InProgress' });
  });

  it('lists an entity without a route at 0 %', () => {
    const endpoint = iris(1).servingModel('models:/iris/2').withRoutes({ 'iris-1': 100 }).build();
    const deployments = byName(deploymentFor(endpoint, 'iris-1'), deploymentFor(endpoint, 'iris-2'));
    expect(report(endpoint, { deployments }).traffic?.map(({ percent }) => percent)).toEqual([100, 0]);
  });
});

describe('times', () => {
  it('of conditions change with their status alone', () => {
    const before = '2025-12-31T00:00:00Z';
    const endpoint = iris(1)
      .withStatus(servingOne)
      .withCondition({ type: 'Ready', status: 'True', reason: 'ScaledToZero', lastTransitionTime: before })
      .withCondition({
        type: 'TrafficRouted',
        status: 'False',
        reason: 'NoActiveConfig',
        lastTransitionTime: before,
      })
      .build();
    const { conditions } = report(endpoint, { revisions, deployments: byName(first) });
    const timeOf = (type: string) =>
      conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
    expect(timeOf('Ready')).toBe(before);
    expect(timeOf('TrafficRouted')).toBe('2026-01-01T00:10:00Z');
  });

  it('leave a status that says the same as it was', () => {
    const seen = { revisions, deployments: byName(first) };
    const status = report(activeOne, seen);
    expect(report({ ...activeOne, status }, seen, { at: now + 3_600_000 })).toEqual(status);
  });
});
