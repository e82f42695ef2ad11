/** Owns the proof that runtimes report whether they can be used, and that endpoints follow the runtime they have. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiVersion } from '../../crds/schema/api.ts';
import type { ServingRuntime } from '../../crds/schema/serving-runtime.ts';
import { clusterServingRuntimes, deployments, servingEndpoints, servingRuntimes } from '../../kube/kinds.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { deploymentsOf, startObligingNodes } from './harness/nodes.ts';
import { until } from './harness/until.ts';
import { startWorld } from './harness/world.ts';
import type { World } from './harness/world.ts';

let world: World;
let nodes: { stop(): Promise<void> };

beforeAll(async () => {
  world = await startWorld();
  nodes = startObligingNodes(world.client);
  await world.startOperator();
});
afterAll(async () => {
  await nodes.stop();
  await world.stop();
});

const runtimeOf = (name: string, container: object, given: object = {}): ServingRuntime =>
  ({
    apiVersion,
    kind: 'ServingRuntime',
    metadata: { name, namespace: 'default' },
    spec: {
      supportedModelFormats: [{ name }],
      container: { name: 'model', image: 'example/server:1', ...container },
      ...given,
    },
  }) as unknown as ServingRuntime;

const apply = (runtime: ServingRuntime) =>
  world.client.apply(servingRuntimes, runtime, { fieldManager: 'test' });

/** Returns the status that is about the runtime as it is now. */
const statusOf = (name: string) =>
  until(`the status of ${name}`, async () => {
    const { metadata, status } = await world.client.get(servingRuntimes, { name, namespace: 'default' });
    return status?.observedGeneration === metadata.generation && status;
  });

describe('a runtime', () => {
  it('that is built in is usable', async () => {
    await until('every one is', async () => {
      const { items } = await world.client.list(clusterServingRuntimes);
      return items.length >= 6 && items.every(({ status }) => status?.ready === 'True');
    });
  });

  it('says which placeholder does not exist, and is usable once that is corrected', async () => {
    await apply(runtimeOf('misspelt', { args: ['{{modle.dir}}'] }));
    expect(await statusOf('misspelt')).toMatchObject({
      ready: 'False',
      conditions: [
        { type: 'Ready', reason: 'Invalid', message: expect.stringContaining('{{modle.dir}}') as string },
        { type: 'Stalled', status: 'True' },
      ],
    });
    await apply(runtimeOf('misspelt', { args: ['{{model.dir}}'] }));
    expect(await statusOf('misspelt')).toMatchObject({ ready: 'True', conditions: [{ reason: 'Usable' }] });
  });

  it('says what the API server finds in its container', async () => {
    await apply(runtimeOf('mistyped', { env: 'A=1' }));
    expect(await statusOf('mistyped')).toMatchObject({
      ready: 'False',
      conditions: [{ message: expect.stringMatching(/the cluster refuses its pods: .*env/) as string }, {}],
    });
  });

  it.each(['internal error', 'conflict', 'cut before it arrives'] as const)(
    'has its status although asking and writing fail once by: %s',
    async (fault) => {
      const name = `faulty-${fault.replaceAll(' ', '-')}`;
      const faults = [
        world.proxy.failNext(
          ({ method, path }) => method === 'POST' && path.endsWith('/default/deployments'),
          fault,
        ),
        world.proxy.failNext(
          ({ method, path }) => method === 'PATCH' && path.endsWith(`/${name}/status`),
          fault,
        ),
      ];
      await apply(runtimeOf(name, {}));
      expect(await statusOf(name)).toMatchObject({ ready: 'True' });
      expect(faults.map(({ done }) => done)).toEqual([true, true]);
    },
  );
});

describe('an endpoint', () => {
  const row = async () => (await world.endpoint('oak')).status?.servedEntities?.[0];
  const model = { uri: 'https://example.com/oak.tar.gz', format: { name: 'own' } };
  const oak = anEndpoint('oak').servingModel('https://example.com/oak.tar.gz', { name: 'oak-1', model });

  it('waits for a runtime, and says for which', async () => {
    await world.apply(oak.manifest());
    await until('it says so', async () => (await row())?.reason === 'NoRuntimeForFormat');
    expect((await row())?.message).toContain('serves the format "own"');
  });

  it('runs as soon as there is one, and records which', async () => {
    await apply(runtimeOf('own', {}));
    await until('it is ready', async () => (await row())?.state === 'Ready');
    expect(await row()).toMatchObject({
      runtime: 'own',
      runtimeKind: 'ServingRuntime',
      runtimeGeneration: 1,
    });
  });

  it('follows a change of its runtime in the Deployment that it has', async () => {
    const [before] = await deploymentsOf(world.client, 'oak');
    await apply(runtimeOf('own', { image: 'example/server:2' }));
    await until('it is recorded', async () => (await row())?.runtimeGeneration === 2);
    const ref = { name: before!.metadata!.name!, namespace: 'default' };
    const { spec } = await world.client.get(deployments, ref);
    expect(spec!.template.spec!.containers[0]!.image).toBe('example/server:2');
  });

  it('keeps its Deployment while its runtime is misspelt, and still has its status', async () => {
    await apply(runtimeOf('own', { args: ['{{modle.dir}}'] }));
    expect(await statusOf('own')).toMatchObject({ ready: 'False' });
    const ref = { name: 'oak', namespace: 'default' };
    await world.client.mergePatch(servingEndpoints, ref, { spec: { description: 'Oaks' } });
    await until('it is looked at', async () => {
      const { metadata, status } = await world.endpoint('oak');
      return metadata.generation === 2 && status?.observedGeneration === 2;
    });
    expect(await row()).toMatchObject({ state: 'Ready', runtime: 'own' });
  });

  it('stays with its runtime when another one would now be chosen', async () => {
    const better = { supportedModelFormats: [{ name: 'own', priority: 9 }] };
    await apply(runtimeOf('better', {}, better));
    await statusOf('better');
    await apply(runtimeOf('own', { image: 'example/server:3' }));
    await until('it is looked at', async () => (await row())?.runtimeGeneration === 4);
    expect(await row()).toMatchObject({ runtime: 'own' });
  });

  it('goes on when its runtime is deleted', async () => {
    await world.client.delete(servingRuntimes, { name: 'better', namespace: 'default' });
    await world.client.delete(servingRuntimes, { name: 'own', namespace: 'default' });
    const misspelt = oak.withWorkload({ type: 'GPU_HUGE' }).withMetadata({ name: 'elm' });
    await world.apply(misspelt.manifest());
    await until('another endpoint is judged', async () => {
      const { status } = await world.endpoint('elm');
      return status?.servedEntities?.[0]?.reason === 'WorkloadTypeUnknown';
    });
    expect(await row()).toMatchObject({ state: 'Ready', runtime: 'own' });
  });
});

describe('the template of an entity', () => {
  const served = (template: Record<string, unknown>) =>
    anEndpoint('tuned').servingModel('models:/iris/1', { name: 'iris-1', template }).manifest();
  const sidecar = (change: object) => ({ spec: { initContainers: [{ name: 'sidecar', ...change }] } });

  it('may not take the sidecar away, and may tune it', async () => {
    await world.apply(served(sidecar({ $patch: 'delete' })));
    const refused = await until('it is refused', async () => {
      const { status } = await world.endpoint('tuned');
      return status?.servedEntities?.[0]?.reason === 'TemplateRefused' && status;
    });
    expect(refused).toMatchObject({
      ready: 'False',
      servedEntities: [{ message: expect.stringContaining('removes the container "sidecar"') as string }],
    });
    expect(await deploymentsOf(world.client, 'tuned')).toEqual([]);

    const resources = { requests: { memory: '200Mi' }, limits: { memory: '256Mi' } };
    await world.apply(served(sidecar({ resources })));
    await until('it is ready', async () => (await world.endpoint('tuned')).status?.ready === 'True');
    const [made] = await deploymentsOf(world.client, 'tuned');
    const all = made?.spec?.template.spec?.initContainers ?? [];
    expect(all.find(({ name }) => name === 'sidecar')).toMatchObject({ resources });
  });
});
