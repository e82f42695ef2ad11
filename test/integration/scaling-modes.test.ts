/** Owns the proof that a Deployment has one writer at a time: HPA or operator, and nobody where a person holds it still. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  apiServices,
  deployments,
  horizontalPodAutoscalers,
  pods,
  servingEndpoints,
} from '../../kube/kinds.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { startObligingNodes } from './harness/nodes.ts';
import { bringUp, keepReporting } from './harness/sidecars.ts';
import type { Sidecar } from './harness/sidecars.ts';
import { until } from './harness/until.ts';
import { startWorld } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

/** Everything at once, so that a test need not wait for windows. */
const scaling = { syncPeriod: '100ms', scaleDown: { stabilizationWindowSeconds: 0 } };
const metricsApi = { name: 'v1beta1.external.metrics.k8s.io' };

let world: World;
let nodes: { stop(): Promise<void> };
let leader: RunningOperator;

beforeAll(async () => {
  world = await startWorld();
  nodes = startObligingNodes(world.client);
  leader = await startLeader();
});
afterAll(async () => {
  await nodes.stop();
  await world.stop();
});

async function startLeader(config: Record<string, unknown> = {}): Promise<RunningOperator> {
  const operator = await world.startOperator({ scaling: { ...scaling, ...config } });
  await until('the leader listens', () => Object.keys(operator.health.unreadyReasons()).length === 0);
  return operator;
}

async function changeLeader(config: Record<string, unknown> = {}): Promise<void> {
  await leader.stop();
  leader = await startLeader(config);
}

const replicasOf = async ({ deployment: name }: Sidecar) =>
  (await world.client.get(deployments, { name, namespace: 'default' })).spec?.replicas;
const autoscalerOf = ({ deployment: name }: Sidecar) =>
  world.client.find(horizontalPodAutoscalers, { name, namespace: 'default' });
const autoscaling = async (name: string) =>
  (await world.endpoint(name)).status?.conditions?.find(({ type }) => type === 'Autoscaling');
const serveMetricsBy = (name: string) =>
  world.client.mergePatch(apiServices, metricsApi, {
    spec: { service: { name, namespace: 'fairlead-system' } },
  });
const medium = (name: string) =>
  anEndpoint(name)
    .servingModel('models:/iris/1')
    .withWorkload({ minConcurrency: 4, maxConcurrency: 16, scaling: { windowSeconds: 6 } });

describe('where external.metrics.k8s.io', () => {
  it('moves to another adapter while the API is in trouble, the operator soon follows all the same', async () => {
    const sidecar = await bringUp(world, medium('alder'));
    await until('it has its HPA', () => autoscalerOf(sidecar));
    const failure = world.proxy.failNext(
      ({ method, path }) => method === 'GET' && path.endsWith('/secrets/fairlead-ca'),
      'internal error',
    );
    await serveMetricsBy('keda');
    // The next look after the one that fails would be a minute later.
    await until('the HPA goes', async () => (await autoscalerOf(sidecar)) === undefined);
    expect(failure.done).toBe(true);
    await serveMetricsBy('fairlead-operator');
    await until('the HPA is back', () => autoscalerOf(sidecar));
  });

  it('is taken by another adapter the operator scales, and hands over to the HPA when it is free again', async () => {
    const sidecar = await bringUp(world, medium('ash'));
    await until('it has its HPA', () => autoscalerOf(sidecar));
    let concurrency = 16;
    const stop = keepReporting(
      sidecar,
      () => leader,
      () => ({ inFlight: 1, averageConcurrency: concurrency }),
    );
    await serveMetricsBy('keda');
    await until('the HPA goes', async () => (await autoscalerOf(sidecar)) === undefined);
    await until('the operator adds replicas', async () => (await replicasOf(sidecar)) === 4);
    await until('it says so', async () => (await autoscaling('ash'))?.reason === 'MetricsApiTaken');
    concurrency = 2;
    await until('the operator takes replicas away', async () => (await replicasOf(sidecar)) === 1);

    await serveMetricsBy('fairlead-operator');
    await until('the HPA is back', () => autoscalerOf(sidecar));
    concurrency = 16;
    // The embedded API server of this test runs no HPA controller: whoever scaled now would be the operator.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await replicasOf(sidecar)).toBe(1);
    await stop();
  });

  it('is taken, nothing changes without reports', async () => {
    await serveMetricsBy('keda');
    const sidecar = await bringUp(world, medium('birch'));
    const ref = { name: sidecar.deployment, namespace: 'default' };
    await world.client.scale.mergePatch(deployments, ref, { spec: { replicas: 3 } });
    const known = await bringUp(world, medium('cedar'));
    const stop = keepReporting(
      known,
      () => leader,
      () => ({ averageConcurrency: 16 }),
    );
    await until('one whose demand is known is scaled', async () => (await replicasOf(known)) === 4);
    await stop();
    expect(await replicasOf(sidecar)).toBe(3);
    await serveMetricsBy('fairlead-operator');
  });
});

describe('a change of the leader', () => {
  const busyMinute = { idleMs: 0, history: [{ averageConcurrency: 16, durationMs: 60_000 }] };

  it.each([
    ['when proxies tell what was before', busyMinute],
    ['when nobody tells what was before', {}],
  ])('takes no replica away at a quiet moment of a busy endpoint, %s', async (_name, before) => {
    await serveMetricsBy('keda');
    const name = `fir-${Object.keys(before).length}`;
    const sidecar = await bringUp(
      world,
      anEndpoint(name)
        .servingModel('models:/iris/1')
        .withWorkload({ minConcurrency: 4, maxConcurrency: 16, scaling: { windowSeconds: 60 } }),
    );
    let concurrency = 16;
    const stop = keepReporting(
      sidecar,
      () => leader,
      (isFirst) => ({ averageConcurrency: concurrency, ...(isFirst ? before : {}) }),
    );
    await until('it has all its replicas', async () => (await replicasOf(sidecar)) === 4);
    concurrency = 0;
    await changeLeader();
    await until('the new leader has heard the sidecar', async () => {
      const { status } = await world.endpoint(name);
      return status?.ready === 'True';
    });
    const seen = new Set<number | undefined>();
    for (let look = 0; look < 20; look += 1) {
      seen.add(await replicasOf(sidecar));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect([...seen]).toEqual([4]);
    await stop();
    await serveMetricsBy('fairlead-operator');
  });

  it('neither puts scale to zero off nor takes a busy endpoint there', async () => {
    const idle = await bringUp(
      world,
      anEndpoint('oak').servingModel('models:/iris/1').withScaleToZero('60s'),
    );
    const busy = await bringUp(
      world,
      anEndpoint('yew').servingModel('models:/iris/1').withScaleToZero('60s'),
    );
    // As though both had been up for an hour.
    const since = new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
    for (const { on } of [idle, busy]) await setActiveSince(on.endpoint, since);
    for (const { pod } of [idle, busy]) await setReadySince(pod, since);
    const stops = [
      keepReporting(
        idle,
        () => leader,
        () => ({ idleMs: 3_000_000 }),
      ),
      keepReporting(
        busy,
        () => leader,
        () => ({ idleMs: 30_000 }),
      ),
    ];
    await changeLeader();
    await until('the idle one is at zero', async () => (await replicasOf(idle)) === 0);
    expect(await replicasOf(busy)).toBe(1);
    for (const stop of stops) await stop();
  });

  async function setActiveSince(name: string, since: string): Promise<void> {
    const ref = { name, namespace: 'default' };
    const { status } = await world.endpoint(name);
    const active = { ...status?.active, since };
    await world.client.status.mergePatch(servingEndpoints, ref, { status: { active } });
  }
  async function setReadySince(name: string, since: string): Promise<void> {
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: since }];
    await world.client.status.mergePatch(pods, { name, namespace: 'default' }, { status: { conditions } });
  }
});

describe('somebody who', () => {
  it('holds autoscaling still keeps an idle endpoint awake, and is told of', async () => {
    const sidecar = await bringUp(
      world,
      anEndpoint('elm')
        .withMetadata({ annotations: { 'serving.fairlead.dev/autoscaling': 'paused-scale-in' } })
        .servingModel('models:/iris/1')
        .withScaleToZero('1s'),
    );
    await pause('elm', 'paused-scale-in');
    const free = await bringUp(
      world,
      anEndpoint('lime').servingModel('models:/iris/1').withScaleToZero('2s'),
    );
    const stops = [sidecar, free].map((one) => keepReporting(one, () => leader));
    await until('one that is not held is at zero', async () => (await replicasOf(free)) === 0);
    expect(await replicasOf(sidecar)).toBe(1);
    expect(await autoscaling('elm')).toMatchObject({ status: 'False', reason: 'Paused' });
    await pause('elm', null);
    await until('it goes to zero once it is let go', async () => (await replicasOf(sidecar)) === 0);
    for (const stop of stops) await stop();
  });

  it('adds an HPA of their own is told so, and not fought', async () => {
    const sidecar = await bringUp(
      world,
      anEndpoint('pine').servingModel('models:/iris/1').withScaleToZero('1s'),
    );
    await world.client.create(horizontalPodAutoscalers, {
      metadata: { name: 'mine', namespace: 'default' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: sidecar.deployment },
        maxReplicas: 9,
      },
    });
    const claim = await until('it is told', async () => {
      const condition = await autoscaling('pine');
      return condition?.reason === 'AutoscalerConflict' && condition;
    });
    expect(claim).toMatchObject({ status: 'False', message: expect.stringContaining('mine') as string });
    const free = await bringUp(
      world,
      anEndpoint('larch').servingModel('models:/iris/1').withScaleToZero('2s'),
    );
    const stops = [sidecar, free].map((one) => keepReporting(one, () => leader));
    await until('another one is at zero', async () => (await replicasOf(free)) === 0);
    expect(await replicasOf(sidecar)).toBe(1);
    // Whoever is deleting it already need not be told to; but it may scale until it is gone.
    const mine = { name: 'mine', namespace: 'default' };
    const hold = (finalizers: string[] | null) =>
      world.client.mergePatch(horizontalPodAutoscalers, mine, { metadata: { finalizers } });
    await hold(['test/hold']);
    await world.client.delete(horizontalPodAutoscalers, mine);
    await until(
      'no conflict is told any more',
      async () => (await autoscaling('pine'))?.reason !== 'AutoscalerConflict',
    );
    expect(await replicasOf(sidecar)).toBe(1);
    await hold(null);
    await until('it goes to zero then', async () => (await replicasOf(sidecar)) === 0);
    for (const stop of stops) await stop();
  });

  async function pause(name: string, word: string | null): Promise<void> {
    const metadata = { annotations: { 'serving.fairlead.dev/autoscaling': word } };
    await world.client.mergePatch(servingEndpoints, { name, namespace: 'default' }, { metadata });
  }
});
