/** Owns the journeys of an endpoint that changes: under load, to something broken, without an operator, and back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations, labels } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { KubeClient } from '../../kube/client.ts';
import { deployments, pods, servingEndpoints } from '../../kube/kinds.ts';
import { kstatusOf } from '../../test/support/kstatus.ts';
import { kubeClient } from '../harness/cluster-under-test.ts';
import { anEndpoint, apply, conditionOf, namespace, query, untilReady } from '../harness/endpoints.ts';
import { eventually } from '../harness/eventually.ts';
import { applyLightRuntime } from '../harness/light-model.ts';
import type { LightRuntime } from '../harness/light-model.ts';
import { startLoad } from '../harness/load.ts';

const name = 'updates';
const ref = { name, namespace };
const ofEndpoint = { namespace, labelSelector: `${labels.endpoint}=${name}` };
const systemNamespace = 'fairlead-system';
const answers = { 'iris-1': '200 iris-1 {"predictions": [0]}', 'iris-2': '200 iris-2 {"predictions": [10]}' };

describe('an endpoint under 200 requests a second', () => {
  const name = 'updates-under-load';
  const answers = {
    'light-1': '200 light-1 {"predictions": ["light-1"]}',
    'light-2': '200 light-2 {"predictions": ["light-2"]}',
  };
  let client: KubeClient;
  let runtime: LightRuntime;
  beforeAll(async () => {
    client = kubeClient();
    runtime = await applyLightRuntime(client, name);
    await apply(client, runtime.endpoint(name, '1'));
    await untilReady(client, name);
  });
  afterAll(async () => {
    await client.delete(servingEndpoints, { name, namespace });
    await runtime.remove();
    await client.transport.close();
  });

  it('moves to another model without failing one, and never goes back', async () => {
    const load = startLoad(name, 200);
    const startedAt = performance.now();
    await apply(client, runtime.endpoint(name, '2'));
    await eventually(
      'version 2 is active',
      90_000,
      () => client.get(servingEndpoints, { name, namespace }),
      ({ status }) => status?.active?.configVersion === 2,
    );
    // By then every gateway has seen the switch.
    await eventually(
      'the new model answers',
      10_000,
      async () => {
        const { status, headers, text } = await query(name);
        return `${status} ${headers.get('served-model-name') ?? ''} ${text}`;
      },
      (told) => told === answers['light-2'],
    );
    const switchedAt = performance.now() + 1_000;
    await eventually(
      'one Deployment is left',
      60_000,
      () => client.list(deployments, { namespace, labelSelector: `${labels.endpoint}=${name}` }),
      ({ items }) => items.length === 1,
    );
    const requests = await load.stop();
    const perSecond = (requests.length * 1_000) / (performance.now() - startedAt);
    console.info(`updates: ${requests.length} requests through the update, ${perSecond.toFixed(0)} a second`);
    const outcomes = new Set(requests.map(({ outcome }) => outcome));
    expect(outcomes).toEqual(new Set(Object.values(answers)));
    const later = requests.filter(({ sentAt }) => sentAt > switchedAt).map(({ outcome }) => outcome);
    expect(later.length).toBeGreaterThan(200);
    expect(new Set(later)).toEqual(new Set([answers['light-2']]));
  });
});

describe('an endpoint that is changed', () => {
  let client: KubeClient;
  beforeAll(async () => {
    client = kubeClient();
    await apply(client, anEndpoint(name, 'models:/iris/1'));
    await untilReady(client, name);
  });
  afterAll(async () => {
    await client.delete(servingEndpoints, ref);
    await client.transport.close();
  });

  const look = () => client.get(servingEndpoints, ref);
  const until = (what: string, isSo: (endpoint: ServingEndpoint) => boolean, timeoutMs = 90_000) =>
    eventually(what, timeoutMs, look, isSo);
  const untilActive = (version: number) =>
    until(`version ${version} is active`, ({ status }) => status?.active?.configVersion === version);
  const untilOneDeployment = () =>
    eventually(
      'one Deployment is left',
      60_000,
      () => client.list(deployments, ofEndpoint),
      ({ items }) => items.length === 1,
    );
  const answer = async () => {
    const { status, headers, text } = await query(name);
    return `${status} ${headers.get('served-model-name') ?? ''} ${text}`;
  };

  it('moves to another version of its model', async () => {
    await apply(client, anEndpoint(name, 'models:/iris/2'));
    await untilActive(2);
    await eventually('the new model answers', 10_000, answer, (told) => told === answers['iris-2']);
    await untilOneDeployment();
  });

  it('is not hurt by an update to a model that does not exist, which is given up with its cause', async () => {
    await apply(client, anEndpoint(name, 'models:/iris/99'));
    const failed = await until('it is given up', ({ status }) => status?.failed?.configVersion === 3);
    expect(failed.status).toMatchObject({ ready: 'True', active: { configVersion: 2 }, version: '2' });
    expect(failed.status?.failed?.reason).toBe('ModelNotFound');
    expect(failed.status?.failed?.message).toContain('iris-99');
    expect(kstatusOf(failed)).toBe('Failed');
    expect(await answer()).toBe(answers['iris-2']);
    await untilOneDeployment();
    await apply(client, anEndpoint(name, 'models:/iris/2'));
    await until(
      'all is well again',
      (endpoint) =>
        conditionOf(endpoint, 'ConfigUpdate')?.reason === 'UpToDate' && kstatusOf(endpoint) === 'Current',
    );
  });

  it('forgets an update that is cancelled', async () => {
    await apply(client, anEndpoint(name, 'models:/unloadable/1'));
    const { status } = await until('an update goes on', (endpoint) => endpoint.status?.pending !== undefined);
    const metadata = { annotations: { [annotations.cancelUpdate]: String(status?.pending?.configVersion) } };
    await client.mergePatch(servingEndpoints, ref, { metadata });
    const cancelled = await until(
      'it is cancelled',
      (endpoint) => conditionOf(endpoint, 'ConfigUpdate')?.reason === 'UpdateCanceled',
    );
    expect(cancelled.spec.servedEntities).toMatchObject([{ model: { uri: 'models:/iris/2' } }]);
    expect(kstatusOf(cancelled)).toBe('Current');
    await untilOneDeployment();
    expect(await answer()).toBe(answers['iris-2']);
  });

  it('ends an update in the middle of which the operator was killed', async () => {
    await apply(client, anEndpoint(name, 'models:/iris/1'));
    const before = await until('an update goes on', ({ status }) => status?.pending !== undefined);
    const { items } = await client.list(pods, { namespace: systemNamespace });
    const operators = items.filter(({ metadata }) => metadata?.name?.startsWith('fairlead-operator-'));
    expect(operators).not.toEqual([]);
    for (const { metadata } of operators) {
      const pod = { name: metadata?.name ?? '', namespace: systemNamespace };
      await client.delete(pods, pod, { gracePeriodSeconds: 0 });
    }
    await untilActive(before.status!.pending!.configVersion);
    await untilReady(client, name);
    await eventually(
      'the model of that version answers',
      10_000,
      answer,
      (told) => told === answers['iris-1'],
    );
    await untilOneDeployment();
  });

  it('is stopped, refuses requests without waking, and serves again once it is started', async () => {
    await client.mergePatch(servingEndpoints, ref, { spec: { suspended: true } });
    const stopped = await until('it is stopped', (endpoint) => {
      return endpoint.status?.suspended !== undefined && kstatusOf(endpoint) === 'Current';
    });
    expect(stopped.status).toMatchObject({ ready: 'Suspended' });
    const refused = await query(name);
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('stopped');
    await eventually(
      'no pod is left',
      60_000,
      () => client.list(pods, ofEndpoint),
      (left) => left.items.length === 0,
    );
    const { items } = await client.list(deployments, ofEndpoint);
    expect(new Set(items.map(({ spec }) => spec?.replicas))).toEqual(new Set([0]));

    await client.mergePatch(servingEndpoints, ref, { spec: { suspended: false } });
    await untilReady(client, name);
    await eventually('it answers again', 10_000, answer, (told) => told === answers['iris-1']);
  });
});
