/** Owns the tests of the concurrency that is told to whoever scales. */
import { expect, it } from 'vitest';
import { DemandBook, demandKey } from '../../core/scaling/demand-book.ts';
import { labels } from '../../crds/schema/api.ts';
import type { Deployment, Pod } from '../../kube/kinds.ts';
import { Store } from '../../kube/store.ts';
import { systemClock } from '../../platform/clock.ts';
import { aDeployment } from '../../test/support/a-deployment.ts';
import { aConfig } from '../operator-fixture.ts';
import { scalingAnnotation } from '../serving-endpoint/names.ts';
import { byDeployment } from '../stores.ts';
import { makeConcurrencyReader } from './concurrency-reader.ts';

const now = 1_000_000;
const namespace = 'default';
const direction = { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [] };
const rules = {
  min: 1,
  max: 8,
  targetMilli: 2000,
  windowMs: 60_000,
  scaleUp: direction,
  scaleDown: direction,
};

/** A reader of a young book in which one pod has just told that it has nothing to do. */
function readerOf(deployment: Deployment) {
  const { scaling } = aConfig();
  const book = new DemandBook({
    stableWindowMs: scaling.stableWindow,
    burstWindowMs: scaling.burstWindow,
    expiryMs: scaling.reportExpiry,
  });
  const entry = { namespace, endpoint: 'iris', deployment: 'd', inFlight: 0, queued: 0, finished: 0 };
  const entries = [{ ...entry, averageConcurrency: 0 }];
  book.record({ reporter: 'd-1', instance: 'a', intervalMs: 1_000, entries }, 'sidecar', now);
  const deployments = new Store<Deployment>();
  deployments.replace([deployment]);
  const pods = new Store<Pod>({ indexes: { [byDeployment]: () => [demandKey(namespace, 'd')] } });
  return makeConcurrencyReader({
    book,
    idleness: { longEnough: () => undefined },
    stores: { deployments: { store: deployments }, pods: { store: pods } },
    clock: { ...systemClock, monotonic: () => now },
  });
}

const scaled = (replicas: number): Deployment => {
  const deployment = aDeployment('d').withReplicas(replicas).build();
  return {
    ...deployment,
    metadata: {
      ...deployment.metadata,
      namespace,
      labels: { [labels.endpoint]: 'iris' },
      annotations: { [scalingAnnotation]: JSON.stringify(rules) },
    },
    status: { ...deployment.status, replicas: 1 },
  };
};

it('asks for as many replicas as are wanted while the window is young, though fewer are there yet', async () => {
  const read = readerOf(scaled(4));
  expect(await read(namespace, 'd')).toEqual([{ deployment: 'd', concurrency: 8 }]);
});

it('tells nothing of what is at zero, and does tell it', async () => {
  // The last pod may report for a while yet, and to bring it back is for the gateway.
  expect(await readerOf(scaled(0))(namespace, 'd')).toEqual([{ deployment: 'd', concurrency: 0 }]);
});
