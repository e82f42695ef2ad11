/** Owns the journey of people who bring a model server of their own: by a ServingRuntime, through gateway and sidecar. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServingRuntime } from '../../crds/schema/serving-runtime.ts';
import { labels } from '../../crds/schema/api.ts';
import type { KubeClient } from '../../kube/client.ts';
import { configMaps, pods, servingEndpoints, servingRuntimes } from '../../kube/kinds.ts';
import { kubeClient } from '../harness/cluster-under-test.ts';
import { anEndpoint, apply, namespace, query, untilReady } from '../harness/endpoints.ts';
import { eventually } from '../harness/eventually.ts';

const image = 'fairlead-mlflow-runtime:dev';
const script = 'v2-server.py';

let client: KubeClient;
const made: { delete(): Promise<unknown> }[] = [];

beforeAll(() => {
  client = kubeClient();
});
afterAll(async () => {
  for (const object of made.reverse()) await object.delete();
  await client.transport.close();
});

/** Whatever the server is, the model comes by Fairlead's own fetcher. */
const runtime = (name: string, spec: object): ServingRuntime =>
  ({
    apiVersion: 'serving.fairlead.dev/v1alpha1',
    kind: 'ServingRuntime',
    metadata: { name, namespace },
    spec: {
      supportedModelFormats: [{ name }],
      fetcher: {
        name: 'fetch',
        image,
        command: ['python', '-m', 'fairlead_runtime.fetch'],
        args: ['--format', '{{model.format}}'],
      },
      ...spec,
    },
  }) as unknown as ServingRuntime;

async function applyRuntime(object: ServingRuntime): Promise<ServingRuntime> {
  const ref = { name: object.metadata.name, namespace };
  await client.apply(servingRuntimes, object, { fieldManager: 'journey' });
  made.push({ delete: () => client.delete(servingRuntimes, ref) });
  return eventually(
    `the runtime ${ref.name} is judged`,
    20_000,
    () => client.get(servingRuntimes, ref),
    ({ status }) => status?.ready !== undefined,
  );
}

async function serve(name: string, format: string, entity: object = {}): Promise<void> {
  const manifest = anEndpoint(name, 'models:/iris/1');
  const [given] = manifest.spec.servedEntities;
  const model = { uri: 'models:/iris/1', format: { name: format } };
  const servedEntities = [{ ...given, name: 'iris-1', model, ...entity }];
  await apply(client, { ...manifest, spec: { ...manifest.spec, servedEntities } });
  made.push({ delete: () => client.delete(servingEndpoints, { name, namespace }) });
  await untilReady(client, name, 180_000);
}

describe('a server that speaks the Open Inference Protocol', () => {
  const name = 'own-v2';
  const flowers = {
    name: 'x',
    shape: [2, 4],
    datatype: 'FP64',
    data: [5.1, 3.5, 1.4, 0.2, 6.3, 3.3, 6, 2.5],
  };

  beforeAll(async () => {
    const data = { [script]: readFileSync(join(import.meta.dirname, script), 'utf8') };
    const files = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
    await client.apply(configMaps, files, { fieldManager: 'journey' });
    made.push({ delete: () => client.delete(configMaps, { name, namespace }) });
  });

  it('is described by a runtime that turns out usable', async () => {
    const applied = await applyRuntime(
      runtime(name, {
        protocol: 'v2',
        modelDirectory: '/mnt/models/{{entity.name}}',
        modelServer: {
          port: 8085,
          healthPath: '/v2/health/ready',
          livenessPath: '/v2/health/live',
          invocationsPath: '/v2/models/{{entity.name}}/infer',
          metrics: { path: '/metrics' },
        },
        container: {
          name: 'model',
          image,
          command: ['python', `/opt/server/${script}`],
          args: ['--repository', '{{model.dir}}', '--host', '127.0.0.1', '--port', '{{server.port}}'],
          volumeMounts: [{ name: 'server', mountPath: '/opt/server' }],
        },
        template: { spec: { volumes: [{ name: 'server', configMap: { name } }] } },
      }),
    );
    expect(applied.status).toMatchObject({ ready: 'True' });
  });

  it('answers in its own protocol, with the arguments that the endpoint adds', async () => {
    const args = ['--server-name', 'borrowed'];
    await serve(name, name, { template: { spec: { containers: [{ name: 'model', args }] } } });
    const answer = await query(name, { body: JSON.stringify({ inputs: [flowers] }) });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-server')).toBe('borrowed');
    expect(JSON.parse(answer.text)).toEqual({
      model_name: 'iris-1',
      outputs: [{ name: 'label', shape: [2], datatype: 'INT64', data: [0, 2] }],
    });
  });

  it('is recorded as the runtime of the entity, and its pod as one with metrics', async () => {
    const endpoint = await client.get(servingEndpoints, { name, namespace });
    expect(endpoint.status?.servedEntities).toMatchObject([
      { runtime: name, runtimeKind: 'ServingRuntime', runtimeGeneration: 1 },
    ]);
    const labelSelector = `${labels.endpoint}=${name},${labels.modelMetrics}=true`;
    expect((await client.list(pods, { namespace, labelSelector })).items).toHaveLength(1);
  });
});

describe('the server of `mlflow models serve`', () => {
  const name = 'own-mlflow';

  it('answers as MLflow does', async () => {
    const listen = ['--host', '127.0.0.1', '--port', '{{server.port}}'];
    const applied = await applyRuntime(
      runtime(name, {
        modelServer: { port: 5001, livenessPath: '/health' },
        container: {
          name: 'model',
          image,
          command: ['python', '-m', 'mlflow', 'models', 'serve', '--env-manager', 'local'],
          args: ['--model-uri', '{{model.dir}}', ...listen],
        },
      }),
    );
    expect(applied.status).toMatchObject({ ready: 'True' });
    await serve(name, name);
    expect(await query(name)).toMatchObject({ status: 200, text: '{"predictions": [0]}' });
  });
});
