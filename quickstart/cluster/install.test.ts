/** Owns the tests of installing Fairlead, against a real HTTP server. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeKubeClient } from '../../kube/client.ts';
import type { KubeClient } from '../../kube/client.ts';
import { json, refusal, startFakeApiServer } from '../../kube/testing/fake-api-server.ts';
import type { FakeApiServer, RecordedRequest } from '../../kube/testing/fake-api-server.ts';
import { plainTransport } from '../../kube/testing/plain-access.ts';
import { installFairlead } from './install.ts';

let server: FakeApiServer;
let client: KubeClient;

const kinds: Record<string, [kind: string, namespaced: boolean]> = {
  customresourcedefinitions: ['CustomResourceDefinition', false],
  namespaces: ['Namespace', false],
  serviceaccounts: ['ServiceAccount', true],
  clusterroles: ['ClusterRole', false],
  clusterrolebindings: ['ClusterRoleBinding', false],
  roles: ['Role', true],
  rolebindings: ['RoleBinding', true],
  services: ['Service', true],
  configmaps: ['ConfigMap', true],
  deployments: ['Deployment', true],
  apiservices: ['APIService', false],
  mutatingwebhookconfigurations: ['MutatingWebhookConfiguration', false],
  validatingwebhookconfigurations: ['ValidatingWebhookConfiguration', false],
  networkpolicies: ['NetworkPolicy', true],
  poddisruptionbudgets: ['PodDisruptionBudget', true],
  priorityclasses: ['PriorityClass', false],
  clusterservingruntimes: ['ClusterServingRuntime', false],
};
const resources = Object.entries(kinds).map(([name, [kind, namespaced]]) => ({ name, kind, namespaced }));

const isRead =
  (end: string) =>
  ({ method, path }: RecordedRequest): boolean =>
    method === 'GET' && path.endsWith(end);
const available = (name: string) => ({
  metadata: { name, generation: 3 },
  status: { observedGeneration: 3, updatedReplicas: 1, availableReplicas: 1 },
});
const deploymentList = (...items: object[]) => json({ metadata: {}, items });

beforeEach(async () => {
  server = await startFakeApiServer();
  client = makeKubeClient(plainTransport(server.url));
  server.always(({ method }) => method === 'GET', json({ resources }));
  server.always(({ method }) => method === 'PATCH', json({}));
  const established = { status: { conditions: [{ type: 'Established', status: 'True' }] } };
  server.always(
    ({ method, path }) => method === 'GET' && path.includes('/customresourcedefinitions/'),
    json(established),
  );
  server.always(isRead('/services/fairlead-operator'), json({ spec: { clusterIP: '127.96.0.7' } }));
  server.always(isRead('/services/fairlead-api'), json({ spec: { clusterIP: '127.96.0.9' } }));
  server.always(
    isRead('/deployments'),
    deploymentList(available('fairlead-operator'), available('fairlead-gateway'), available('fairlead-api')),
  );
});
afterEach(async () => {
  await client.transport.close();
  await server.stop();
});

const install = (notes: string[] = [], where: { port?: number } = { port: 8080 }) =>
  installFairlead(client, {
    ...where,
    trackingUri: 'sqlite:////x/mlflow.db',
    logs: '/x/logs',
    note: (note) => notes.push(note),
    signal: new AbortController().signal,
    timeoutMs: 300,
  });

it('applies the CRDs, then what Fairlead needs, then its Deployments with the operator’s address', async () => {
  expect(await install()).toBe('http://127.0.0.1:8080');
  const applied = server.requests.filter(({ method }) => method === 'PATCH');
  const order = applied.map(({ path }) => path.split('/').at(-2));
  expect(order[0]).toBe('customresourcedefinitions');
  expect(order.indexOf('namespaces')).toBeLessThan(order.indexOf('deployments'));
  const gateway = applied.find(({ path }) => path.endsWith('/deployments/fairlead-gateway'));
  expect(gateway?.body).toContain('https://127.96.0.7:8444/v1/demand');
});

it('reaches gateways that are pods like others by their Service', async () => {
  server.always(isRead('/services/fairlead-gateway'), json({ spec: { clusterIP: '10.96.0.8' } }));
  expect(await install([], {})).toBe('http://10.96.0.8');
});

it('tells what it waits for', async () => {
  server.once(isRead('/deployments'), deploymentList(available('fairlead-operator')));
  const notes: string[] = [];
  await install(notes);
  expect(notes).toEqual(['waiting for fairlead-gateway and fairlead-api']);
});

it('says what the pods say when a process does not come up', async () => {
  server.always(
    isRead('/deployments'),
    deploymentList(available('fairlead-operator'), available('fairlead-api')),
  );
  const waiting = { reason: 'CrashLoopBackOff', message: 'back-off restarting failed container' };
  const status = { phase: 'Running', containerStatuses: [{ name: 'gateway', state: { waiting } }] };
  server.always(
    isRead('/pods'),
    json({ metadata: {}, items: [{ metadata: { name: 'gateway-1' }, status }] }),
  );
  await expect(install()).rejects.toMatchObject({
    code: 'INSTALL_NOT_READY',
    message: expect.stringMatching(
      /fairlead-gateway \(pod gateway-1 is Running, gateway: back-off.*\/x\/logs/,
    ) as string,
  });
});

it.each([
  ['the Service of the operator cannot be read', isRead('/services/fairlead-operator')],
  ['the Deployments cannot be listed', isRead('/deployments')],
  ['a manifest is refused', ({ method }: RecordedRequest) => method === 'PATCH'],
])('passes on that %s', async (_name, matcher) => {
  server.once(matcher, refusal(403, 'Forbidden', 'not for you'));
  await expect(install()).rejects.toThrow('not for you');
});
