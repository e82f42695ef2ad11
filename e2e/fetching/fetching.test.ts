/** Owns the journey of people who wait for a large model: how far it is stands in the status, and then it serves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { KubeClient } from '../../kube/client.ts';
import { configMaps, pods, secrets, services, servingEndpoints, servingRuntimes } from '../../kube/kinds.ts';
import type { Pod } from '../../kube/kinds.ts';
import type { KubeObject, ResourceKind } from '../../kube/resource.ts';
import { kubeClient } from '../harness/cluster-under-test.ts';
import { anEndpoint, apply, conditionOf, namespace } from '../harness/endpoints.ts';
import { eventually } from '../harness/eventually.ts';

const runtime = 'file-server';
const hub = 'slow-hub';
const script = 'slow-hub.py';
const image = 'fairlead-mlflow-runtime:dev';
const port = 8099;
const pieces = 100;
const totalBytes = pieces * 256 * 1024;
/** Twice the time after which the status is brought up to date, and then some. */
const seconds = 25;

let client: KubeClient;
const made: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  client = kubeClient();
  const HF_ENDPOINT = await startHub();
  await create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: hub },
    stringData: { HF_ENDPOINT },
  });
  await create(servingRuntimes, fileServer);
});
afterAll(async () => {
  for (const remove of made.reverse()) await remove();
  await client.transport.close();
});

async function create<Type extends KubeObject>(kind: ResourceKind<Type>, object: object): Promise<Type> {
  const { metadata } = object as { readonly metadata: { readonly name: string } };
  const ref = { name: metadata.name, namespace };
  const whole = { ...object, metadata: { ...metadata, namespace } } as unknown as Type;
  const applied = await client.apply(kind, whole, { fieldManager: 'journey' });
  made.push(() => client.delete(kind, ref));
  return applied;
}

/** Starts the mirror in a pod and returns its address. */
async function startHub(): Promise<string> {
  const data = { [script]: readFileSync(join(import.meta.dirname, script), 'utf8') };
  await create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: hub }, data });
  const { spec } = await create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: hub },
    spec: { selector: { app: hub }, ports: [{ port, targetPort: port }] },
  });
  const answers = { httpGet: { path: '/', port }, periodSeconds: 1 };
  const listen = ['--host', '0.0.0.0', '--port', String(port)];
  const container = {
    name: 'hub',
    image,
    command: ['python', `/opt/hub/${script}`],
    args: [...listen, '--pieces', String(pieces), '--seconds', String(seconds)],
    readinessProbe: answers,
    volumeMounts: [{ name: 'hub', mountPath: '/opt/hub' }],
  };
  await create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: hub, labels: { app: hub } },
    spec: { containers: [container], volumes: [{ name: 'hub', configMap: { name: hub } }] },
  });
  await eventually('the mirror answers', 60_000, () => client.get(pods, { name: hub, namespace }), isReady);
  return `http://${spec?.clusterIP ?? ''}:${port}`;
}

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;

/** A server of files, so that what was fetched need be no model that anybody can load. */
const fileServer = {
  apiVersion: 'serving.fairlead.dev/v1alpha1',
  kind: 'ServingRuntime',
  metadata: { name: runtime },
  spec: {
    supportedModelFormats: [{ name: runtime }],
    modelServer: { port: 8085, healthPath: '/', livenessPath: '/' },
    fetcher: {
      name: 'fetch',
      image,
      command: ['python', '-m', 'fairlead_runtime.fetch'],
      args: ['--format', '{{model.format}}'],
    },
    container: {
      name: 'model',
      image,
      command: ['python', '-m', 'http.server', '{{server.port}}'],
      args: ['--bind', '127.0.0.1', '--directory', '{{model.dir}}'],
    },
  },
};

interface Sight {
  readonly endpoint: ServingEndpoint;
  readonly pods: readonly Pod[];
}

async function look(name: string): Promise<Sight> {
  const labelSelector = `${labels.endpoint}=${name}`;
  const { items } = await client.list(pods, { namespace, labelSelector });
  return { endpoint: await client.get(servingEndpoints, { name, namespace }), pods: items };
}

const rowOf = ({ endpoint }: Sight) => endpoint.status?.servedEntities?.[0];

async function serve(name: string): Promise<void> {
  const uri = 'hf://slow/weights';
  const model = { uri, format: { name: runtime }, credentials: { secretRef: { name: hub } } };
  await apply(client, {
    ...anEndpoint(name, uri),
    spec: { servedEntities: [{ name: 'weights', model }] },
  });
  made.push(() => client.delete(servingEndpoints, { name, namespace }));
}

describe('a model that comes slowly', () => {
  const name = 'slowly-fetched';
  const seen: Sight[] = [];
  let last: Sight;

  it('is served in the end', async () => {
    await serve(name);
    last = await eventually(
      'it is Ready',
      180_000,
      async () => {
        const sight = await look(name);
        seen.push(sight);
        return sight;
      },
      ({ endpoint }) => conditionOf(endpoint, 'Ready')?.status === 'True',
    );
    expect(rowOf(last)).toMatchObject({
      state: 'Ready',
      coldStart: { fetchSeconds: expect.any(Number) as number },
    });
  });

  it('was told of while it came: more and more bytes, of as many as there are', () => {
    const told = seen.map(rowOf).filter((row) => row?.fetch !== undefined);
    const bytes = [...new Set(told.map((row) => row?.fetch?.bytes ?? 0))];
    expect(bytes.length).toBeGreaterThan(1);
    expect(bytes).toEqual([...bytes].sort((left, right) => left - right));
    expect(new Set(told.map((row) => row?.fetch?.totalBytes))).toEqual(new Set([totalBytes]));
    const inWords = new Set(told.map((row) => row?.message));
    expect(inWords.size).toBe(bytes.length);
    for (const words of inWords) {
      expect(words).toMatch(
        /^the model is being fetched: ([0-9.]+ [KM]iB|0 bytes) of 25\.0 MiB \([0-9]+ %\)$/,
      );
    }
  });

  it('is not told of any more', () => {
    expect(rowOf(last)).not.toHaveProperty('fetch');
  });

  it('made nobody think meanwhile that its pod can answer', () => {
    const fetching = seen.filter((sight) => rowOf(sight)?.fetch !== undefined);
    const names = new Set(fetching.map((sight) => rowOf(sight)?.fetch?.pod));
    expect(names).toEqual(new Set(last.pods.map(({ metadata }) => metadata?.name)));
    expect(fetching.flatMap((sight) => sight.pods).some(isReady)).toBe(false);
  });
});

it('goes when it is deleted while it comes', async () => {
  const name = 'never-fetched';
  await serve(name);
  await eventually(
    'its model is being fetched',
    60_000,
    () => look(name),
    (sight) => rowOf(sight)?.fetch !== undefined,
  );
  await client.delete(servingEndpoints, { name, namespace });
  await eventually(
    'its pods are gone',
    60_000,
    () => client.list(pods, { namespace, labelSelector: `${labels.endpoint}=${name}` }),
    ({ items }) => items.length === 0,
  );
});
