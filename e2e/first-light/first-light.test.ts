/** Owns the first journey: a model's life from `apply` over scale to zero and an update to `delete`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import type { KubeClient } from '../../kube/client.ts';
import {
  configMaps,
  deployments,
  horizontalPodAutoscalers,
  pods,
  secrets,
  services,
  servingEndpoints,
} from '../../kube/kinds.ts';
import type { Deployment } from '../../kube/kinds.ts';
import type { ResourceKind } from '../../kube/resource.ts';
import { kubeClient } from '../harness/cluster-under-test.ts';
import { anEndpoint, apply, conditionOf, namespace, query, untilReady } from '../harness/endpoints.ts';
import { eventually } from '../harness/eventually.ts';
import { followReplicas } from './follow-replicas.ts';
import { startSteadyLoad } from './steady-load.ts';

const name = 'first-light';
const ref = { name, namespace };
const idleQuickly = { scaleToZero: { enabled: true, idleAfter: '10s' } };
const ofEndpoint = { namespace, labelSelector: `${labels.endpoint}=${name}` };

describe('from a ServingEndpoint to answers and back to nothing', () => {
  let client: KubeClient;
  beforeAll(() => {
    client = kubeClient();
  });
  afterAll(async () => {
    await client.delete(servingEndpoints, ref);
    await client.transport.close();
  });

  const onlyDeployment = async (): Promise<Deployment> => {
    const { items } = await client.list(deployments, ofEndpoint);
    expect(items).toHaveLength(1);
    return items[0]!;
  };

  const untilAtZero = (): Promise<Deployment> =>
    eventually(
      'the endpoint is at zero',
      60_000,
      onlyDeployment,
      ({ spec, status }) => spec?.replicas === 0 && (status?.replicas ?? 0) === 0,
    );

  it('answers after apply, naming the model that answered', async () => {
    await apply(client, anEndpoint(name, 'models:/iris/1', idleQuickly));
    await untilReady(client, name);
    const answer = await query(name);
    expect(answer).toMatchObject({ status: 200, text: '{"predictions": [0]}' });
    expect(answer.headers.get('served-model-name')).toBe('iris-1');
  });

  it('goes to zero when nobody asks, stays Ready there, and answers the next request', async () => {
    await untilAtZero();
    expect(conditionOf(await client.get(servingEndpoints, ref), 'Ready')).toMatchObject({ status: 'True' });
    expect(await query(name)).toMatchObject({ status: 200, text: '{"predictions": [0]}' });
  });

  it('answers fifty requests that meet it at zero, and is woken once', async () => {
    const { metadata } = await untilAtZero();
    const sizes = await followReplicas(client, metadata!.name!);
    const answers = await Promise.all(Array.from({ length: 50 }, () => query(name)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
      new Set(['200 {"predictions": [0]}']),
    );
    expect(await sizes.stop()).toEqual([0, 1]);
  });

  it('moves to version 2 of the model without failing a request', async () => {
    const load = startSteadyLoad(name);
    await apply(
      client,
      anEndpoint(name, 'models:/iris/2', { scaleToZero: { enabled: true, idleAfter: '10m' } }),
    );
    const updated = await untilReady(client, name);
    await eventually(
      'the load is answered by version 2',
      10_000,
      () => Promise.resolve(load.texts()),
      (texts) => texts.includes('{"predictions": [10]}'),
    );
    const answers = await load.stop();
    expect(updated.status?.active?.configVersion).toBe(2);
    expect(answers.failed).toEqual([]);
    expect(answers.texts).toEqual(['{"predictions": [0]}', '{"predictions": [10]}']);
    await eventually(
      'only the new Deployment is left',
      60_000,
      () => client.list(deployments, ofEndpoint),
      ({ items }) => items.length === 1,
    );
  });

  it('leaves nothing behind after delete', async () => {
    await client.delete(servingEndpoints, ref);
    const kinds: ResourceKind[] = [
      deployments,
      services,
      horizontalPodAutoscalers,
      configMaps,
      secrets,
      pods,
    ];
    for (const kind of kinds) {
      await eventually(
        `no ${kind.plural} are left`,
        60_000,
        () => client.list(kind, ofEndpoint),
        ({ items }) => items.length === 0,
      );
    }
    expect(await query(name)).toMatchObject({ status: 404 });
  });
});
