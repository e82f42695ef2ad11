/** Owns the proof that operator, gateway and api need every right that their roles give them, and no other. */
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { annotations } from '../../crds/schema/api.ts';
import type { ServingRuntime } from '../../crds/schema/serving-runtime.ts';
import {
  controllerRevisions,
  deployments,
  endpointSlices,
  horizontalPodAutoscalers,
  secrets,
  servingEndpoints,
  servingRuntimes,
} from '../../kube/kinds.ts';
import { applyManifests } from '../../quickstart/cluster/apply.ts';
import { readManifests } from '../../quickstart/cluster/manifests.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { startApiProcess } from './harness/api.ts';
import type { RunningApi } from './harness/api.ts';
import { startGatewayProcess } from './harness/gateway.ts';
import type { RunningGateway } from './harness/gateway.ts';
import { createPod, deploymentsOf, readyPod, startObligingNodes } from './harness/nodes.ts';
import { permissionsOf, permissionsUsed } from './harness/permissions.ts';
import { aReport, ask, tlsOf } from './harness/proxies.ts';
import { until } from './harness/until.ts';
import { startWorld, systemNamespace } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

/** What the API server itself asks for while it carries a request out. */
const askedByAdmission = new Set([
  // OwnerReferencesPermissionEnforcement (OpenShift, among others): to name an endpoint as an owner that waits.
  'serving.fairlead.dev/servingendpoints/finalizers update',
]);

let world: World;
let nodes: { stop(): Promise<void> };
let operator: RunningOperator;
let gateway: RunningGateway | undefined;
let api: RunningApi | undefined;

const startOperator = async (config: Record<string, unknown> = {}): Promise<RunningOperator> => {
  const started = await world.startOperator({ historyLimit: 0, ...config });
  await until('the operator is ready', () => Object.keys(started.health.unreadyReasons()).length === 0);
  return started;
};

beforeAll(async () => {
  world = await startWorld();
  // Older servers are listed and watched: that takes more rights than streaming lists do.
  world.proxy.refuseStreams();
  // Version 9 never comes up.
  nodes = startObligingNodes(world.client, ({ spec }) => JSON.stringify(spec).includes('models:/iris/9'));
  operator = await startOperator();
});
afterAll(async () => {
  await gateway?.stop();
  await api?.stop();
  await nodes.stop();
  await world.stop();
});

const ref = { name: 'oak', namespace: 'default' };
const status = async () => (await world.endpoint('oak')).status;
const deploymentName = async (): Promise<string> => {
  const [only] = await deploymentsOf(world.client, 'oak');
  return only?.metadata?.name ?? '';
};

async function serve(version: number): Promise<void> {
  const endpoint = anEndpoint('oak').servingModel(`models:/iris/${version}`).withScaleToZero('1s');
  await world.apply(endpoint.manifest());
}

const setSuspended = async (suspended: boolean): Promise<void> => {
  await world.client.mergePatch(servingEndpoints, ref, { spec: { suspended } });
  await until(suspended ? 'it is stopped' : 'it is started', async () => {
    const now = await status();
    return suspended ? now?.suspended !== undefined : now?.suspended === undefined && now?.ready === 'True';
  });
};

it('brings an endpoint up, updates it, cancels an update, stops and starts it twice', async () => {
  await serve(1);
  await until('it is ready', async () => (await status())?.ready === 'True');
  const first = await deploymentName();
  await serve(2);
  await until('the old Deployment is gone', async () => {
    const all = await deploymentsOf(world.client, 'oak');
    return all.length === 1 && all[0]?.metadata?.name !== first;
  });
  await serve(9);
  const pending = await until('an update is under way', async () => (await status())?.pending);
  const cancel = { [annotations.cancelUpdate]: String(pending.configVersion) };
  await world.client.mergePatch(servingEndpoints, ref, { metadata: { annotations: cancel } });
  await until('it is cancelled', async () => {
    const [entity] = (await world.endpoint('oak')).spec.servedEntities;
    return entity?.model?.uri === 'models:/iris/2' && (await status())?.pending === undefined;
  });
  for (const suspended of [true, false, true, false]) await setSuspended(suspended);
});

it('finds that somebody else has the name of its record', async () => {
  const metadata = { name: 'ash-config-1', namespace: 'default' };
  await world.client.create(controllerRevisions, { metadata, revision: 1, data: {} });
  await world.apply(anEndpoint('ash').servingModel('models:/iris/1').manifest());
  await until('it has looked at whose it is', () =>
    world.proxy.seen.some(({ method, path }) => method === 'GET' && path.endsWith('/ash-config-1')),
  );
});

it('leads callers of a route-optimised endpoint to gateways, and then to its sidecars', async () => {
  await world.client.create(endpointSlices, {
    metadata: {
      name: 'fairlead-gateway-direct-0',
      namespace: systemNamespace,
      labels: { 'kubernetes.io/service-name': 'fairlead-gateway-direct' },
    },
    addressType: 'IPv4',
    ports: [{ name: 'direct', port: 8444, protocol: 'TCP' }],
    endpoints: [{ addresses: ['127.92.0.1'], conditions: { ready: true } }],
  });
  const fir = anEndpoint('fir').servingModel('models:/iris/1').withSpec({ routeOptimized: true });
  await world.apply(fir.manifest());
  const standIns = async (): Promise<number> => {
    const labelSelector = 'kubernetes.io/service-name=fir';
    return (await world.client.list(endpointSlices, { namespace: 'default', labelSelector })).items.length;
  };
  await until('gateways stand in', async () => (await standIns()) === 1);
  const made = await until(
    'there is a Deployment',
    async () => (await deploymentsOf(world.client, 'fir'))[0],
  );
  await createPod(world.client, made, 'fir-pod', readyPod);
  await until('they do no longer', async () => (await standIns()) === 0);
});

it('goes to zero and is woken by the gateway', async () => {
  const name = await deploymentName();
  const deployment = { name, namespace: 'default' };
  await until('it has its HPA', () => world.client.find(horizontalPodAutoscalers, deployment));
  await createPod(world.client, await world.client.get(deployments, deployment), 'oak-pod', readyPod);
  const tls = await tlsOf(world.client, 'default', 'oak-sidecar-tls');
  const replicas = async () => (await world.client.get(deployments, deployment)).spec?.replicas;
  await until('it is at zero', async () => {
    const report = aReport('oak-pod', { endpoint: 'oak', deployment: name });
    await ask(`https://${operator.host}:8444/v1/demand`, 'POST', tls, report);
    return (await replicas()) === 0;
  });
  gateway = await startGatewayProcess(world);
  const url = `${gateway.url}/serving-endpoints/oak/invocations`;
  const headers = { authorization: `Bearer ${world.api.adminToken}`, 'content-type': 'application/json' };
  await until('it is awake', async () => {
    // No pod will answer: what counts is that the Deployment is woken.
    request(url, { method: 'POST', headers, body: '{}' }).catch(() => undefined);
    return (await replicas()) === 1;
  });
});

it('judges a write that names a Secret, and tells a runtime of a namespace its state', async () => {
  const [manifest] = readManifests('runtimes/mlflow-python.yaml');
  const runtime = { ...manifest, kind: 'ServingRuntime', metadata: { name: 'own', namespace: 'default' } };
  await world.client.apply(servingRuntimes, runtime as ServingRuntime, { fieldManager: 'test' });
  await until('the runtime has a status', async () => {
    const { status: found } = await world.client.get(servingRuntimes, { name: 'own', namespace: 'default' });
    return found?.observedGeneration !== undefined;
  });
  const object = anEndpoint('elm')
    .servingModel('models:/iris/1', {
      model: { uri: 's3://b/m', credentials: { secretRef: { name: 'keys' } } },
    })
    .manifest();
  const write = {
    uid: '1',
    operation: 'CREATE',
    kind: { group: 'serving.fairlead.dev', version: 'v1alpha1', kind: 'ServingEndpoint' },
    resource: { group: 'serving.fairlead.dev', version: 'v1alpha1', resource: 'servingendpoints' },
    namespace: 'default',
    name: 'elm',
    userInfo: { username: 'somebody' },
    object,
    oldObject: null,
  };
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: write };
  const answer = await ask(`https://${operator.host}:9443/validate/access`, 'POST', {}, review);
  expect(JSON.parse(answer.body)).toMatchObject({ response: { allowed: false } });
});

it('serves tokens', async () => {
  api = await startApiProcess(world);
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: world.api.adminToken,
    authorization_details: JSON.stringify([
      {
        type: 'workspace_permission',
        object_type: 'serving-endpoints',
        object_path: `/serving-endpoints/${(await status())?.id ?? ''}`,
        actions: ['query_inference_endpoint'],
      },
    ]),
  });
  // Not route-optimised: what counts is that the api has asked who it is and what they may.
  await until('the api answers', async () => {
    const answer = await api?.ask('/oidc/v1/token', form.toString());
    return answer?.body.includes('invalid_authorization_details') === true;
  });
});

it('gives a certificate authority that grows old its successor', async () => {
  await operator.stop();
  await world.client.delete(secrets, { name: 'fairlead-ca', namespace: systemNamespace });
  const shortLived = { certificates: { authorityValidity: '3s', propagation: '900ms', validity: '1m' } };
  // Last of all: nobody would answer what they ask, as their Service has no endpoints here.
  const webhooks = readManifests('config').filter(({ kind }) => kind?.endsWith('WebhookConfiguration'));
  await applyManifests(world.client, webhooks);
  operator = await startOperator(shortLived);
  const before = await tlsOf(world.client, systemNamespace, 'fairlead-ca');
  await until(
    'the authority is replaced',
    async () => (await tlsOf(world.client, systemNamespace, 'fairlead-ca')).cert !== before.cert,
  );
});

it('gives the keys of data-plane tokens their successor when somebody asks', async () => {
  const ref = { name: 'fairlead-data-plane-keys', namespace: systemNamespace };
  const published = async (): Promise<unknown> => (await world.client.get(secrets, ref)).data?.['jwks.json'];
  const before = await published();
  const metadata = { annotations: { [annotations.rotate]: 'now' } };
  await world.client.mergePatch(secrets, ref, { metadata });
  await until('another key is published', async () => (await published()) !== before);
  await operator.stop();
});

it.each([
  ['fairlead-operator', () => [...world.proxy.seen, ...world.proxy.watches]],
  ['fairlead-gateway', () => gateway?.requests() ?? []],
  ['fairlead-api', () => api?.requests() ?? []],
])('%s was refused nothing, and has used every right that it has', (serviceAccount, requests) => {
  const allowed = permissionsOf(readManifests('config'), serviceAccount).difference(askedByAdmission);
  expect(requests().filter((one) => one.status === 403)).toEqual([]);
  // What a role of the cluster itself allows: to read what it publishes for API servers.
  const own = requests().filter(({ path }) => !path.startsWith('/api/v1/namespaces/kube-system/'));
  expect([...permissionsUsed(own)].sort()).toEqual([...allowed].sort());
});
