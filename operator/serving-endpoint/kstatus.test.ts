/** Owns the proof that GitOps tools judge an endpoint right at every phase of its life. */
import { describe, expect, it } from 'vitest';
import { annotations } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { argoHealthOf, kstatusOf } from '../../test/support/kstatus.ts';
import type { ArgoHealth, KStatus } from '../../test/support/kstatus.ts';
import { aContainer, aPod, ended } from '../operator-fixture.ts';
import { iris, now, one, reconciled, revisions, servingOne, since, told, two } from './phases-fixture.ts';
import { byName, config, deploymentFor } from './snapshot-fixture.ts';
import { statusOfBlocked } from './status.ts';

const [first, second] = [deploymentFor(one, 'iris-1'), deploymentFor(two, 'iris-2')];
const notReady = deploymentFor(two, 'iris-2', { desired: 1, ready: 0 });
const crashed = aPod('p', notReady.metadata!.name!, {
  containerStatuses: [
    aContainer(
      'model',
      { waiting: { reason: 'CrashLoopBackOff' } },
      { restartCount: 2, lastState: ended(1, 'no') },
    ),
  ],
});
const noSuchModel = aPod('p', notReady.metadata!.name!, {
  initContainerStatuses: [aContainer('fetch-model', ended(1, 'model not found: models:/iris/2: nothing'))],
});
const updating = iris(2)
  .withStatus({ ...servingOne, pending: { configVersion: 2, since } })
  .build();
const gaveUp = {
  ...servingOne,
  failed: { configVersion: 2, since, reason: 'ModelNotFound', message: 'iris-2: nothing' },
};
const stopped = { active: servingOne.active, suspended: { since } };
const atZero = byName(deploymentFor(one, 'iris-1', { desired: 0 }));
const blocked = (reason: string, isPassing = false): ServingEndpoint => ({
  ...one,
  status: statusOfBlocked(one, { reason, message: 'why' }, { spec: one.spec, isPassing, config, now }),
});

describe('kstatus, Argo CD and the condition Ready', () => {
  it.each<[string, () => ServingEndpoint, KStatus, ArgoHealth, string | undefined]>([
    ['of an endpoint that nobody has looked at yet', () => one, 'Current', 'Progressing', undefined],
    ['of a new endpoint', () => reconciled(one).endpoint, 'InProgress', 'Progressing', 'False Deploying'],
    [
      'of a first config that serves',
      () => reconciled(one, { deployments: byName(first) }).endpoint,
      'Current',
      'Healthy',
      'True Serving',
    ],
    [
      'of a first config that cannot be brought up',
      () => reconciled(two, { deployments: byName(notReady), pods: [noSuchModel] }).endpoint,
      'Failed',
      'Degraded',
      'False ModelNotFound',
    ],
    [
      'of a change that was not looked at yet',
      () => {
        const { endpoint } = reconciled(one, { deployments: byName(first) });
        return { ...endpoint, metadata: { ...endpoint.metadata, generation: 5 } };
      },
      'InProgress',
      'Progressing',
      'True Serving',
    ],
    [
      'of an update that goes on',
      () => reconciled(updating, { revisions, deployments: byName(first, notReady) }).endpoint,
      'InProgress',
      'Progressing',
      'True Serving',
    ],
    [
      'of an update that fails and may heal',
      () =>
        reconciled(updating, { revisions, deployments: byName(first, notReady), pods: [crashed] }).endpoint,
      'InProgress',
      'Progressing',
      'True Serving',
    ],
    [
      'of an update that is given up at this moment',
      () =>
        reconciled(updating, { revisions, deployments: byName(first, notReady), pods: [noSuchModel] })
          .endpoint,
      'Failed',
      'Degraded',
      'True Serving',
    ],
    [
      'of an update that was given up',
      () =>
        reconciled(iris(2).withStatus(gaveUp).build(), { revisions, deployments: byName(first) }).endpoint,
      'Failed',
      'Degraded',
      'True Serving',
    ],
    [
      'of an update that is cancelled and may not be taken out of the spec',
      () => {
        const metadata = { annotations: { [annotations.cancelUpdate]: '2' } };
        const cancelled = { ...updating, metadata: { ...updating.metadata, ...metadata } };
        const seen = { revisions, deployments: byName(first, notReady) };
        return reconciled(cancelled, seen, { cancelRefusal: 'no' }).endpoint;
      },
      'Failed',
      'Degraded',
      'True Serving',
    ],
    [
      'of an update that succeeded',
      () => reconciled(updating, { revisions, deployments: byName(first, second) }).endpoint,
      'Current',
      'Healthy',
      'True Serving',
    ],
    [
      'at zero',
      () => reconciled(iris(1).withStatus(servingOne).build(), { revisions, deployments: atZero }).endpoint,
      'Current',
      'Healthy',
      'True ScaledToZero',
    ],
    [
      'while it is being stopped',
      () => {
        const endpoint = iris(1).withSpec({ suspended: true }).withStatus(servingOne).build();
        return reconciled(endpoint, { revisions, deployments: byName(first) }).endpoint;
      },
      'InProgress',
      'Progressing',
      undefined,
    ],
    [
      'once it is stopped',
      () => {
        const endpoint = iris(1).withSpec({ suspended: true }).withStatus(stopped).build();
        return reconciled(endpoint, { revisions, deployments: atZero }).endpoint;
      },
      'Current',
      'Suspended',
      undefined,
    ],
    [
      'of an endpoint that is made stopped',
      () => reconciled(iris(1).withSpec({ suspended: true }).build()).endpoint,
      'Current',
      'Suspended',
      undefined,
    ],
    [
      'while it is being started again',
      () => reconciled(iris(1).withStatus(stopped).build(), { revisions, deployments: atZero }).endpoint,
      'InProgress',
      'Progressing',
      'False Deploying',
    ],
    [
      'of a name that belongs to another endpoint',
      () => blocked('NameTaken'),
      'Failed',
      'Degraded',
      'False NameTaken',
    ],
    [
      'while the objects of an earlier endpoint go',
      () => blocked('WaitingForCleanup', true),
      'InProgress',
      'Progressing',
      'False WaitingForCleanup',
    ],
    [
      'while it is being deleted',
      () => {
        const { endpoint } = reconciled(one, { deployments: byName(first) });
        return { ...endpoint, metadata: { ...endpoint.metadata, deletionTimestamp: since } };
      },
      'Terminating',
      'Progressing',
      'True Serving',
    ],
  ])('%s', (_name, make, kstatus, argo, ready) => {
    const endpoint = make();
    expect(kstatusOf(endpoint)).toBe(kstatus);
    expect(argoHealthOf(endpoint)).toBe(argo);
    expect(told(endpoint.status ?? {})['Ready']).toBe(ready);
  });
});
