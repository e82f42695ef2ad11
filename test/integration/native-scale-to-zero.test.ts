/** Owns the proof of native scale to zero: the HPA does it where the cluster lets it, and nothing else fails where not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiServices, deployments, horizontalPodAutoscalers } from '../../kube/kinds.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import type { Fault, SeenRequest } from './harness/fault-proxy.ts';
import { startObligingNodes } from './harness/nodes.ts';
import { bringUp, keepReporting } from './harness/sidecars.ts';
import type { Sidecar } from './harness/sidecars.ts';
import { until } from './harness/until.ts';
import { startWorld } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

let world: World;
let nodes: { stop(): Promise<void> };
let leader: RunningOperator;

beforeAll(async () => {
  world = await startWorld();
  nodes = startObligingNodes(world.client);
  leader = await startLeader(false);
});
afterAll(async () => {
  await nodes.stop();
  await world.stop();
});

async function startLeader(nativeScaleToZero: boolean): Promise<RunningOperator> {
  const operator = await world.startOperator({ scaling: { nativeScaleToZero } });
  await until('the leader listens', () => Object.keys(operator.health.unreadyReasons()).length === 0);
  return operator;
}

async function changeLeader(nativeScaleToZero: boolean): Promise<void> {
  await leader.stop();
  leader = await startLeader(nativeScaleToZero);
}

const replicasOf = async ({ deployment: name }: Sidecar) =>
  (await world.client.get(deployments, { name, namespace: 'default' })).spec?.replicas;
const autoscalerOf = ({ deployment: name }: Sidecar) =>
  world.client.find(horizontalPodAutoscalers, { name, namespace: 'default' });
const autoscaling = async (name: string) =>
  (await world.endpoint(name)).status?.conditions?.find(({ type }) => type === 'Autoscaling');
const serveMetricsBy = (name: string) =>
  world.client.mergePatch(
    apiServices,
    { name: 'v1beta1.external.metrics.k8s.io' },
    { spec: { service: { name, namespace: 'fairlead-system' } } },
  );

describe('native scale to zero', () => {
  const isProbe = ({ method, path, query }: SeenRequest): boolean =>
    method === 'POST' && path.endsWith('/horizontalpodautoscalers') && query.get('dryRun') === 'All';
  /** The part of the HPA controller, which this world has none of. */
  const setFollowing = async ({ deployment: name }: Sidecar) => {
    const told = { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound', message: '' };
    const conditions = [{ ...told, lastTransitionTime: '2026-01-01T00:00:00Z' }];
    await world.client.status.mergePatch(
      horizontalPodAutoscalers,
      { name, namespace: 'default' },
      { status: { currentReplicas: 1, desiredReplicas: 1, conditions } },
    );
  };
  const sleepy = (name: string) => anEndpoint(name).servingModel('models:/iris/1').withScaleToZero('5m');

  it.each<[string, Fault, RegExp]>([
    ['does not let an HPA go to zero', 'invalid', /does not let an HPA go to zero/],
    ['refuses to say', 'forbidden', /did not say whether an HPA may go to zero/],
    ['cannot say', 'internal error', /did not say whether an HPA may go to zero/],
    ['does not answer', 'cut before it arrives', /did not say whether an HPA may go to zero/],
  ])('is the operator’s where the cluster %s, until it is asked again', async (_name, fault, words) => {
    await leader.stop();
    const failure = world.proxy.failNext(isProbe, fault);
    leader = await startLeader(true);
    const name = `sorb-${fault.replaceAll(' ', '-')}`;
    const sidecar = await bringUp(world, sleepy(name));
    const least = async () => (await autoscalerOf(sidecar))?.spec.minReplicas;
    await until('its HPA keeps one', async () => (await least()) === 1);
    await setFollowing(sidecar);
    await until('it is told', async () => words.test((await autoscaling(name))?.message ?? ''));
    expect(failure.done).toBe(true);
    // Not a minute later, because somebody changes what the foundations rest on.
    await serveMetricsBy('keda');
    await until('the HPA goes', async () => (await autoscalerOf(sidecar)) === undefined);
    await serveMetricsBy('fairlead-operator');
    await until('the HPA may go to zero', async () => (await least()) === 0);
  });

  it('stays as it is while a new leader cannot find out', async () => {
    await changeLeader(true);
    const sidecar = await bringUp(world, sleepy('service'));
    await until('the HPA may go to zero', async () => (await autoscalerOf(sidecar))?.spec.minReplicas === 0);
    await setFollowing(sidecar);
    const before = await autoscalerOf(sidecar);
    await leader.stop();
    world.proxy.failNext(isProbe, 'forbidden');
    leader = await startLeader(true);
    await until('it is told', async () =>
      ((await autoscaling('service'))?.message ?? '').includes('did not say'),
    );
    const after = await autoscalerOf(sidecar);
    expect([after?.metadata?.uid, after?.spec.minReplicas]).toEqual([before?.metadata?.uid, 0]);
  });

  it('is left to the HPA while it is on, and taken back before the operator does it', async () => {
    await changeLeader(true);
    const sidecar = await bringUp(
      world,
      anEndpoint('plum').servingModel('models:/iris/1').withScaleToZero('1s'),
    );
    const least = async () => (await autoscalerOf(sidecar))?.spec.minReplicas;
    await until('the HPA may go to zero', async () => (await least()) === 0);
    const itself = await autoscalerOf(sidecar);
    const stop = keepReporting(sidecar, () => leader);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await replicasOf(sidecar)).toBe(1);
    await changeLeader(false);
    await until('the HPA keeps one', async () => (await least()) === 1);
    // One that remembers having gone to zero would come back from there when the operator has gone.
    expect((await autoscalerOf(sidecar))?.metadata?.uid).not.toBe(itself?.metadata?.uid);
    await until('the operator goes to zero', async () => (await replicasOf(sidecar)) === 0);
    await stop();
  });
});
