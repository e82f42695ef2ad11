/** Owns the proof that an endpoint comes up, is reported truly, and then causes no more writes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import { servingEndpointSchema } from '../../crds/schema/serving-endpoint.ts';
import * as kinds from '../../kube/kinds.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { createPod, deploymentsOf, readyPod, setReady } from './harness/nodes.ts';
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

const conditionOf = async (name: string, type: string) => {
  const { status } = await world.endpoint(name);
  return status?.conditions?.find((condition) => condition.type === type);
};

describe('an endpoint that is applied', () => {
  it('gets its objects, and is Ready once its Deployment is', async () => {
    await world.apply(anEndpoint('iris').servingModel('models:/iris/1').withScaleToZero('10s').manifest());
    const [deployment] = await until('a Deployment', async () => {
      const found = await deploymentsOf(world.client, 'iris');
      return found.length > 0 && found;
    });
    const name = deployment!.metadata!.name!;
    await until(
      'it is reported as coming',
      async () => (await conditionOf('iris', 'Ready'))?.reason === 'Deploying',
    );
    expect((await world.endpoint('iris')).status?.pending).toMatchObject({ configVersion: 1 });

    await createPod(world.client, deployment!, `${name}-pod`, readyPod);
    await setReady(world.client, deployment!);
    await until('Ready', async () => (await conditionOf('iris', 'Ready'))?.status === 'True');

    const ref = { name, namespace: 'default' };
    await until('an HPA', () => world.client.find(kinds.horizontalPodAutoscalers, ref));
    expect(await world.client.get(kinds.services, ref)).toMatchObject({
      spec: { clusterIP: 'None', selector: { [labels.deployment]: name } },
    });
    expect(await world.client.get(kinds.configMaps, ref)).toHaveProperty(['data', 'config.json']);
    const secret = { name: 'iris-sidecar-tls', namespace: 'default' };
    expect(await world.client.get(kinds.secrets, secret)).toMatchObject({ type: 'kubernetes.io/tls' });

    const endpoint = await world.endpoint('iris');
    expect(servingEndpointSchema.parse(endpoint).status).toMatchObject({
      observedGeneration: endpoint.metadata.generation,
      ready: 'True',
      active: { configVersion: 1 },
      traffic: [{ servedEntity: 'iris-1', percent: 100, deployment: name, configVersion: 1 }],
      servedEntities: [
        {
          name: 'iris-1',
          state: 'Ready',
          runtime: 'mlflow-python',
          deployment: name,
          replicas: { desired: 1, ready: 1 },
        },
      ],
    });
    expect(endpoint.status?.pending).toBeUndefined();
  });

  it('causes no more writes, however often it is looked at', async () => {
    const writes = () =>
      world.proxy.seen.filter(({ method, path }) => method !== 'GET' && !/\/(leases|events)/.test(path));
    await until('it has settled', async () => (await conditionOf('iris', 'ConfigUpdate'))?.status === 'True');
    const before = writes().length;
    for (const round of ['1', '2', '3']) {
      const looks = await operator.reconciles();
      const ref = { name: 'iris', namespace: 'default' };
      await world.client.mergePatch(kinds.servingEndpoints, ref, { metadata: { annotations: { round } } });
      await until('another look', async () => (await operator.reconciles()) > looks);
    }
    expect(writes().slice(before)).toEqual([]);
  });

  it('takes back what somebody changes by hand', async () => {
    const [deployment] = await deploymentsOf(world.client, 'iris');
    const ref = { name: deployment!.metadata!.name!, namespace: 'default' };
    await world.client.mergePatch(kinds.services, ref, { spec: { selector: { other: 'pods' } } });
    await world.client.mergePatch(kinds.deployments, ref, { spec: { progressDeadlineSeconds: 5 } });
    await until(
      'the old deadline is back',
      async () => (await world.client.get(kinds.deployments, ref)).spec?.progressDeadlineSeconds === 1200,
    );
  });

  it('takes everything with it when it is deleted', async () => {
    await world.client.delete(kinds.servingEndpoints, { name: 'iris', namespace: 'default' });
    const owned = { namespace: 'default', labelSelector: `${labels.endpoint}=iris` };
    for (const kind of [
      kinds.deployments,
      kinds.services,
      kinds.configMaps,
      kinds.secrets,
      kinds.horizontalPodAutoscalers,
      kinds.controllerRevisions,
    ]) {
      await until(
        `no ${kind.kind} is left`,
        async () => (await world.client.list<{ metadata?: object }>(kind, owned)).items.length === 0,
      );
    }
  });
});
