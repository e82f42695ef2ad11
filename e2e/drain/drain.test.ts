/** Owns the journey of what is replaced and killed under 500 requests a second: models, sidecars, gateways. */
import { load as parseYaml } from 'js-yaml';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import type { KubeClient } from '../../kube/client.ts';
import { configMaps, deployments, pods, servingEndpoints } from '../../kube/kinds.ts';
import type { Pod } from '../../kube/kinds.ts';
import { clusterUnderTest, kubeClient } from '../harness/cluster-under-test.ts';
import { apply, namespace, untilReady } from '../harness/endpoints.ts';
import { eventually } from '../harness/eventually.ts';
import { applyLightRuntime } from '../harness/light-model.ts';
import type { LightRuntime } from '../harness/light-model.ts';
import { startLoad } from '../harness/load.ts';

const name = 'drain';
const perSecond = 500;
const systemNamespace = 'fairlead-system';
const ofEndpoint = { namespace, labelSelector: `${labels.endpoint}=${name}` };
/** The same program under another name, which the node of these clusters knows as well. */
const nextImage = 'fairlead:next';
const twoReplicas = { minConcurrency: 16, maxConcurrency: 16, scaling: { concurrencyPerReplica: 8 } };
const answered = /^200 light-\d /;
/** What a proxy of ours says of a request whose other side is gone: an error with a code, whole. */
const explained = /^50[234] \{"error_code":"[A-Z_]+","message":".+"\}$/;
/** What a client says whose own connection is gone. */
const cut = /^TypeError: (fetch failed|terminated)/;

beforeEach((context) => {
  const isOnMachine = clusterUnderTest().gatewayUrl.startsWith('http://127.0.0.1');
  if (isOnMachine) context.skip('one gateway on the machine itself has nobody to stand in for it');
});

describe('under 500 requests a second', () => {
  let client: KubeClient;
  let runtime: LightRuntime;
  let settingsBefore: Settings | undefined;
  beforeAll(async () => {
    client = kubeClient();
    runtime = await applyLightRuntime(client, name);
    await apply(client, versionOf('1'));
    await untilReady(client, name);
  });
  afterAll(async () => {
    await client.delete(servingEndpoints, { name, namespace });
    await runtime.remove();
    if (settingsBefore !== undefined) await configureOperator(client, settingsBefore);
    await client.transport.close();
  });

  const versionOf = (version: string) => {
    const manifest = runtime.endpoint(name, version);
    const [entity] = manifest.spec.servedEntities;
    if (entity !== undefined) entity.workload = twoReplicas;
    return manifest;
  };

  /** Returns the outcomes of the requests that were not answered by the model. */
  async function failuresWhile(what: string, happens: () => Promise<void>): Promise<readonly string[]> {
    const load = startLoad(name, perSecond);
    const startedAt = performance.now();
    await happens();
    const requests = await load.stop();
    const rate = (requests.length * 1_000) / (performance.now() - startedAt);
    const failures = requests.map(({ outcome }) => outcome).filter((outcome) => !answered.test(outcome));
    console.info(
      `${what}: ${requests.length} requests, ${rate.toFixed(0)} a second, ${failures.length} failed`,
    );
    return failures;
  }

  const podsOf = async (selector: { namespace: string; labelSelector: string }): Promise<readonly Pod[]> =>
    (await client.list(pods, selector)).items.filter(
      ({ metadata }) => metadata?.deletionTimestamp === undefined,
    );

  /** Waits until the pods of a selector are all others than `before`, and ready. */
  const untilReplaced = (
    selector: { namespace: string; labelSelector: string },
    before: readonly Pod[],
    count: number,
  ) =>
    eventually(
      'pods are replaced',
      120_000,
      () => client.list(pods, selector),
      ({ items }) =>
        items.length === count &&
        items.every(
          (pod) => isReady(pod) && !before.some(({ metadata }) => metadata?.uid === pod.metadata?.uid),
        ),
    );

  const ofGateway = {
    namespace: systemNamespace,
    labelSelector: 'app.kubernetes.io/name=fairlead-gateway',
  };

  it('another model takes over without a failure', async () => {
    const before = await podsOf(ofEndpoint);
    const failures = await failuresWhile('model', async () => {
      await apply(client, versionOf('2'));
      await untilReplaced(ofEndpoint, before, 2);
    });
    expect(failures).toEqual([]);
  });

  it('other sidecars take over without a failure', async (context) => {
    if (process.env['E2E_KUBECONFIG'] !== undefined) context.skip('this needs a second image');
    const before = await podsOf(ofEndpoint);
    const failures = await failuresWhile('sidecar', async () => {
      settingsBefore = await operatorSettings(client);
      await configureOperator(client, { ...settingsBefore, sidecarImage: nextImage });
      await untilReplaced(ofEndpoint, before, 2);
    });
    const images = (await podsOf(ofEndpoint)).flatMap(({ spec }) =>
      (spec?.initContainers ?? [])
        .filter((container) => container.name === 'sidecar')
        .map(({ image }) => image),
    );
    expect(images).toEqual([nextImage, nextImage]);
    expect(failures).toEqual([]);
  });

  it('other gateways take over; whoever notices has had his connection cut', async () => {
    const before = await podsOf(ofGateway);
    const failures = await failuresWhile('gateway', async () => {
      await rollOut(client, 'fairlead-gateway');
      await untilReplaced(ofGateway, before, before.length);
    });
    expect(failures.filter((outcome) => !cut.test(outcome))).toEqual([]);
    expect(failures.length).toBeLessThan(perSecond / 10);
  });

  it('a gateway that is killed takes the requests on its connections with it, and no others', async () => {
    const [victim, ...others] = await podsOf(ofGateway);
    expect(others).not.toEqual([]);
    const failures = await failuresWhile('killed gateway', async () => {
      await kill(client, victim);
      await untilReplaced(ofGateway, [victim!], others.length + 1);
    });
    expect(failures.filter((outcome) => !cut.test(outcome))).toEqual([]);
  });

  it('a model pod that is killed takes the requests on their way to it with it, each of which is told so', async () => {
    const [victim] = await podsOf(ofEndpoint);
    const failures = await failuresWhile('killed model pod', async () => {
      await kill(client, victim);
      await untilReplaced(ofEndpoint, [victim!], 2);
    });
    expect(failures.filter((outcome) => !explained.test(outcome))).toEqual([]);
    expect(failures.length).toBeLessThan(perSecond / 10);
  });
});

const isReady = ({ status, metadata }: Pod): boolean =>
  metadata?.deletionTimestamp === undefined &&
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;

/** Deletes a pod as somebody does who does not wait for it. */
async function kill(client: KubeClient, pod: Pod | undefined): Promise<void> {
  const ref = { name: pod?.metadata?.name ?? '', namespace: pod?.metadata?.namespace ?? '' };
  await client.delete(pods, ref, { gracePeriodSeconds: 0 });
}

const rollOut = (client: KubeClient, deployment: string) =>
  client.mergePatch(
    deployments,
    { name: deployment, namespace: systemNamespace },
    { spec: { template: { metadata: { annotations: { 'journey/rolled-at': String(Date.now()) } } } } },
  );

type Settings = Readonly<Record<string, unknown>>;
const operator = { name: 'fairlead-operator', namespace: systemNamespace };

async function operatorSettings(client: KubeClient): Promise<Settings> {
  const { data } = await client.get(configMaps, operator);
  return parseYaml(data?.['config.yaml'] ?? '{}') as Settings;
}

/** Changes the operator's configuration, and with it the operator, as an upgrade of the chart does. */
async function configureOperator(client: KubeClient, settings: Settings): Promise<void> {
  await client.mergePatch(configMaps, operator, { data: { 'config.yaml': JSON.stringify(settings) } });
  await rollOut(client, operator.name);
}
