/** Owns the proof of updates: side by side, one switch, a failed one that hurts nobody, and restarts in between. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { deployments, servingEndpoints } from '../../kube/kinds.ts';
import type { Deployment } from '../../kube/kinds.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { kstatusOf } from '../support/kstatus.ts';
import { crashingPod, createPod, deploymentsOf, setReady } from './harness/nodes.ts';
import { until } from './harness/until.ts';
import { startWorld } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

let world: World;
let operator: RunningOperator;

beforeAll(async () => {
  world = await startWorld();
  operator = await world.startOperator();
});
afterAll(() => world.stop());

const serving = (name: string, version: number) =>
  anEndpoint(name).servingModel(`models:/iris/${version}`).manifest();
const condition = ({ status }: ServingEndpoint, type: string) =>
  status?.conditions?.find((entry) => entry.type === type);

/** Waits for the Deployment that serves a version of the model. */
const deploymentOf = (name: string, version: number): Promise<Deployment> =>
  until(`the Deployment of version ${version}`, async () =>
    (await deploymentsOf(world.client, name)).find(({ spec }) =>
      JSON.stringify(spec?.template).includes(`models:/iris/${version}"`),
    ),
  );

const activeVersion = async (name: string) => (await world.endpoint(name)).status?.active?.configVersion;

async function bringUp(name: string): Promise<Deployment> {
  await world.apply(serving(name, 1));
  const deployment = await deploymentOf(name, 1);
  await setReady(world.client, deployment);
  await until('version 1 is active', async () => (await activeVersion(name)) === 1);
  return deployment;
}

describe('an update', () => {
  it('brings the new Deployment up beside the old one, switches in one step, then removes the old one', async () => {
    const old = await bringUp('rose');
    await world.apply(serving('rose', 2));
    const next = await deploymentOf('rose', 2);
    const during = await until('it is pending', async () => {
      const endpoint = await world.endpoint('rose');
      return endpoint.status?.pending?.configVersion === 2 && endpoint;
    });
    expect(condition(during, 'Ready')?.status).toBe('True');
    expect(condition(during, 'ConfigUpdate')).toMatchObject({ status: 'Unknown', reason: 'InProgress' });
    expect(during.status?.traffic).toMatchObject([{ deployment: old.metadata?.name, configVersion: 1 }]);

    await setReady(world.client, next);
    const after = await until('it is active', async () => {
      const endpoint = await world.endpoint('rose');
      return endpoint.status?.active?.configVersion === 2 && endpoint;
    });
    expect(after.status?.traffic).toEqual([
      { servedEntity: 'iris-2', percent: 100, deployment: next.metadata?.name, configVersion: 2 },
    ]);
    expect(after.status?.pending).toBeUndefined();
    await until(
      'the old Deployment is gone',
      async () => (await deploymentsOf(world.client, 'rose')).length === 1,
    );
  });

  it('that fails is given up with its cause, the active version serves on, and another try is for the asking', async () => {
    const old = await bringUp('tulip');
    await world.apply(serving('tulip', 99));
    const next = await deploymentOf('tulip', 99);
    const cause = 'model not found: models:/iris/99: there is no such version; register it';
    await createPod(world.client, next, 'tulip-99', crashingPod('fetch-model', cause));
    const failed = await until('it is given up', async () => {
      const endpoint = await world.endpoint('tulip');
      return endpoint.status?.failed?.configVersion === 2 && endpoint;
    });
    expect(failed.status).toMatchObject({
      ready: 'True',
      active: { configVersion: 1 },
      failed: { reason: 'ModelNotFound', message: expect.stringContaining(cause) as string },
      traffic: [{ deployment: old.metadata?.name }],
    });
    expect(kstatusOf(failed)).toBe('Failed');
    await until('its Deployment goes', async () => (await deploymentsOf(world.client, 'tulip')).length === 1);

    const ref = { name: 'tulip', namespace: 'default' };
    const metadata = { annotations: { [annotations.retryUpdate]: 'registered now' } };
    await world.client.mergePatch(servingEndpoints, ref, { metadata });
    await setReady(world.client, await deploymentOf('tulip', 99));
    await until('it becomes active after all', async () => (await activeVersion('tulip')) === 2);
    const recovered = await world.endpoint('tulip');
    expect(recovered.status?.failed).toBeUndefined();
    expect(kstatusOf(recovered)).toBe('Current');
  });

  it('is cancelled: the active config comes back into the spec, and what was begun goes', async () => {
    const old = await bringUp('aster');
    await world.apply(serving('aster', 2));
    await until('version 2 is pending', async () => {
      const { status } = await world.endpoint('aster');
      return status?.pending?.configVersion === 2;
    });
    const refused = world.proxy.failNext(
      ({ method, path }) => method === 'PATCH' && path.endsWith('/servingendpoints/aster'),
      'conflict',
    );
    const metadata = { annotations: { [annotations.cancelUpdate]: '2' } };
    const ref = { name: 'aster', namespace: 'default' };
    await world.client.mergePatch(servingEndpoints, ref, { metadata });
    const cancelled = await until('it is cancelled', async () => {
      const endpoint = await world.endpoint('aster');
      return condition(endpoint, 'ConfigUpdate')?.reason === 'UpdateCanceled' && endpoint;
    });
    expect(refused.done).toBe(true);
    expect(cancelled.spec.servedEntities).toMatchObject([{ model: { uri: 'models:/iris/1' } }]);
    expect(cancelled.status).toMatchObject({ active: { configVersion: 1 }, ready: 'True', version: '1' });
    expect(kstatusOf(cancelled)).toBe('Current');
    await until('only the active Deployment is left', async () => {
      const left = await deploymentsOf(world.client, 'aster');
      return left.length === 1 && left[0]?.metadata?.uid === old.metadata?.uid;
    });
    // What came back belongs to who applied it: their next apply replaces it.
    const next = await world.apply(serving('aster', 3));
    expect(next.spec.servedEntities.map(({ name }) => name)).toEqual(['iris-3']);
    expect(next.spec.traffic).toBeUndefined();
  });

  it('is superseded by a newer one, whose predecessor goes', async () => {
    await bringUp('lily');
    await world.apply(serving('lily', 2));
    const second = await deploymentOf('lily', 2);
    await world.apply(serving('lily', 3));
    const third = await deploymentOf('lily', 3);
    await until('the superseded Deployment is gone', async () =>
      (await deploymentsOf(world.client, 'lily')).every(
        ({ metadata }) => metadata?.name !== second.metadata?.name,
      ),
    );
    await setReady(world.client, third);
    await until('version 3 is active', async () => (await activeVersion('lily')) === 3);
  });

  it('of the traffic alone shares the Deployments and restarts nothing', async () => {
    const both = anEndpoint('fern').servingModel('models:/iris/1').servingModel('models:/iris/2');
    await world.apply(both.withRoutes({ 'iris-1': 100, 'iris-2': 0 }).manifest());
    for (const version of [1, 2]) await setReady(world.client, await deploymentOf('fern', version));
    await until('version 1 is active', async () => (await activeVersion('fern')) === 1);
    const before = await deploymentsOf(world.client, 'fern');
    await world.apply(both.withRoutes({ 'iris-1': 50, 'iris-2': 50 }).manifest());
    await until('version 2 is active', async () => (await activeVersion('fern')) === 2);
    const after = await deploymentsOf(world.client, 'fern');
    const templates = (all: Deployment[]) =>
      all.map(({ metadata, spec }) => [metadata?.uid, metadata?.generation, spec?.template]).toSorted();
    expect(templates(after)).toEqual(templates(before));
    expect((await world.endpoint('fern')).status?.traffic?.map(({ percent }) => percent)).toEqual([50, 50]);
  });

  it('takes over the replicas of what it replaces', async () => {
    const large = (version: number) =>
      anEndpoint('oak').servingModel(`models:/iris/${version}`).withWorkload({ size: 'Medium' }).manifest();
    await world.apply(large(1));
    const old = await deploymentOf('oak', 1);
    const replicasOf = async ({ metadata }: Deployment) =>
      (await world.client.get(deployments, { name: metadata!.name!, namespace: 'default' })).spec?.replicas;
    await until('it starts with its least replicas', async () => (await replicasOf(old)) === 2);
    const ref = { name: old.metadata!.name!, namespace: 'default' };
    await setReady(world.client, await world.client.get(deployments, ref));
    await until('version 1 is active', async () => (await activeVersion('oak')) === 1);
    await world.client.scale.mergePatch(deployments, ref, { spec: { replicas: 4 } });
    await world.apply(large(2));
    const next = await deploymentOf('oak', 2);
    await until('it has as many', async () => (await replicasOf(next)) === 4);
  });
});

describe('an operator that is restarted', () => {
  it('goes on with an update at every step of it', async () => {
    const restart = async (): Promise<void> => {
      await operator.stop();
      operator = await world.startOperator();
    };
    await world.apply(serving('ivy', 1));
    await restart();
    const old = await deploymentOf('ivy', 1);
    await restart();
    await setReady(world.client, old);
    await restart();
    await until('version 1 is active', async () => (await activeVersion('ivy')) === 1);
    await operator.stop();
    await world.apply(serving('ivy', 2));
    operator = await world.startOperator();
    const next = await deploymentOf('ivy', 2);
    await operator.stop();
    await setReady(world.client, next);
    operator = await world.startOperator();
    await until('version 2 is active', async () => (await activeVersion('ivy')) === 2);
    await restart();
    await until(
      'the old Deployment is gone',
      async () => (await deploymentsOf(world.client, 'ivy')).length === 1,
    );
  });
});
