/** Owns the tests of applying manifests, against a real HTTP server. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeKubeClient } from '../../kube/client.ts';
import type { KubeClient } from '../../kube/client.ts';
import { json, refusal, startFakeApiServer } from '../../kube/testing/fake-api-server.ts';
import type { FakeApiServer } from '../../kube/testing/fake-api-server.ts';
import { plainTransport } from '../../kube/testing/plain-access.ts';
import { applyManifests } from './apply.ts';

let server: FakeApiServer;
let client: KubeClient;
beforeEach(async () => {
  server = await startFakeApiServer();
  client = makeKubeClient(plainTransport(server.url));
  server.always(
    ({ path }) => path === '/api/v1',
    json({
      resources: [
        { name: 'namespaces', kind: 'Namespace', namespaced: false },
        { name: 'configmaps', kind: 'ConfigMap', namespaced: true },
      ],
    }),
  );
  server.always(({ method }) => method === 'PATCH', json({}));
});
afterEach(async () => {
  await client.transport.close();
  await server.stop();
});

const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } };
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } };
const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'xs.example.org' },
};

it('applies each object where its kind lives, a namespaced one without a namespace in "default"', async () => {
  await applyManifests(client, [namespace, configMap]);
  const applied = server.requests.filter(({ method }) => method === 'PATCH').map(({ path }) => path);
  expect(applied).toEqual(['/api/v1/namespaces/a', '/api/v1/namespaces/default/configmaps/b']);
});

it('says which kind the cluster does not serve', async () => {
  await expect(
    applyManifests(client, [{ apiVersion: 'example.org/v1', kind: 'X', metadata: { name: 'x' } }]),
  ).rejects.toMatchObject({
    code: 'KIND_UNKNOWN',
    message: 'the cluster does not serve X of example.org/v1',
  });
});

it('passes a refused discovery on', async () => {
  server.once(({ path }) => path === '/api/v1', refusal(403, 'Forbidden', 'no'));
  await expect(applyManifests(client, [namespace])).rejects.toThrow('no');
});

it('passes a refused object on and applies nothing after it', async () => {
  server.once(({ method }) => method === 'PATCH', refusal(422, 'Invalid', 'metadata.name: too long'));
  await expect(applyManifests(client, [namespace, configMap])).rejects.toThrow('metadata.name: too long');
  expect(server.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
});

it('returns once the kind of a CustomResourceDefinition is served', async () => {
  server.always(
    ({ path }) => path === '/apis/apiextensions.k8s.io/v1',
    json({
      resources: [{ name: 'customresourcedefinitions', kind: 'CustomResourceDefinition', namespaced: false }],
    }),
  );
  const reads = ({ method, path }: { method: string; path: string }): boolean =>
    method === 'GET' && path.endsWith('/xs.example.org');
  server.once(reads, json(crd));
  server.once(reads, json({ ...crd, status: { conditions: [{ type: 'Established', status: 'True' }] } }));
  await applyManifests(client, [crd]);
  expect(server.requests.filter(reads)).toHaveLength(2);
});
