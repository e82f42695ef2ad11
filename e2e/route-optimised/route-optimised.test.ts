/** Owns the journey of a client that calls sidecars by the endpoint's own Service: a token, answers, zero and back. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { KubeClient } from '../../kube/client.ts';
import { deployments, endpointSlices, secrets, services, servingEndpoints } from '../../kube/kinds.ts';
import { callDirect, startLoad } from '../../test/integration/harness/service-callers.ts';
import type { DirectAnswer, Target } from '../../test/integration/harness/service-callers.ts';
import { clusterUnderTest, kubeClient } from '../harness/cluster-under-test.ts';
import { apply, conditionOf, namespace, untilReady } from '../harness/endpoints.ts';
import { eventually } from '../harness/eventually.ts';
import { applyLightRuntime } from '../harness/light-model.ts';
import type { LightRuntime } from '../harness/light-model.ts';

const name = 'straight';
const ref = { name, namespace };
const ours = 'endpointslice.kubernetes.io/managed-by=fairlead-operator';
const selector = { namespace, labelSelector: `${labels.endpoint}=${name}` };

beforeEach((context) => {
  if (process.env['E2E_KUBECONFIG'] !== undefined)
    context.skip('addresses of Services are not reached from outside of the cluster');
});

describe('a route-optimised endpoint', () => {
  let client: KubeClient;
  let runtime: LightRuntime;
  let endpoint: ServingEndpoint;
  let to: Target;
  let ca: string;
  let token: string;

  beforeAll(async () => {
    client = kubeClient();
    runtime = await applyLightRuntime(client, name);
    const manifest = runtime.endpoint(name, '1');
    const [entity] = manifest.spec.servedEntities;
    entity!.workload = { scaleToZero: { enabled: true, idleAfter: '5s' } };
    await apply(client, { ...manifest, spec: { ...manifest.spec, routeOptimized: true } });
    endpoint = await untilReady(client, name);
    const port = new URL(endpoint.status?.dataPlane?.url ?? '').port;
    const { spec } = await client.get(services, ref);
    to = { host: spec?.clusterIP ?? '', port: port === '' ? 443 : Number(port) };
    const { data } = await client.get(secrets, { name: `${name}-sidecar-tls`, namespace });
    ca = Buffer.from(data?.['ca.crt'] ?? '', 'base64').toString('utf8');
    token = await tokenFor(endpoint);
  });
  afterAll(async () => {
    await client.delete(servingEndpoints, ref);
    await runtime.remove();
    await client.transport.close();
  });

  async function tokenFor({ status }: ServingEndpoint): Promise<string> {
    const permission = {
      type: 'workspace_permission',
      object_type: 'serving-endpoints',
      object_path: `/serving-endpoints/${status?.id ?? ''}`,
      actions: ['query_inference_endpoint'],
    };
    const body = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: clusterUnderTest().token,
      authorization_details: JSON.stringify([permission]),
    });
    const answer = await fetch(`${clusterUnderTest().gatewayUrl}/oidc/v1/token`, { method: 'POST', body });
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  const call = (more: Partial<Parameters<typeof callDirect>[0]> = {}): Promise<DirectAnswer> => {
    const { hostname: servername, pathname: path } = new URL(endpoint.status?.dataPlane?.url ?? '');
    return callDirect({ to, servername, path, ca, token, ...more });
  };

  /** Kubernetes makes the slices of pods, the operator those of gateways. */
  const untilSidecarsAnswer = () =>
    eventually(
      'sidecars answer alone',
      60_000,
      () => client.list(endpointSlices, { ...selector, labelSelector: `${selector.labelSelector},${ours}` }),
      ({ items }) => items.length === 0,
    );
  const replicas = async (): Promise<number | undefined> =>
    (await client.list(deployments, selector)).items[0]?.spec?.replicas;
  const untilReplicas = (count: number) =>
    eventually(`${count} replicas are wanted`, 120_000, replicas, (seen) => seen === count);

  it('says that callers can come', async () => {
    await eventually(
      'callers can come',
      60_000,
      () => client.get(servingEndpoints, ref),
      (seen) => conditionOf(seen, 'DirectAccess')?.reason === 'ServiceReady',
    );
  });

  it('is served by its sidecar to whoever has a token for it, and to nobody else', async () => {
    await untilSidecarsAnswer();
    const answer = await call();
    expect(answer.status).toBe(200);
    expect(answer.headers['served-model-name']).toBe('light-1');
    expect((await call({ token: undefined })).status).toBe(401);
    expect((await call({ token: clusterUnderTest().token })).status).toBe(403);
    expect((await call({ token: `${token.slice(0, -4)}AAAA` })).status).toBe(403);
  });

  it('goes to zero and comes back without a caller who notices', async () => {
    await untilReplicas(0);
    const load = startLoad((agent) => call({ agent }));
    await untilReplicas(1);
    await untilSidecarsAnswer();
    const before = load.answered();
    await eventually(
      'the load goes on',
      30_000,
      () => Promise.resolve(load.answered()),
      (answered) => answered > before + 50,
    );
    expect(await load.stop()).toEqual([]);
  });

  it('at zero is answered for by gateways, which hold the call', async () => {
    await untilReplicas(0);
    await eventually(
      'its pod is gone',
      60_000,
      () => client.list(deployments, selector),
      ({ items: [deployment] }) => (deployment?.status?.replicas ?? 0) === 0,
    );
    const answer = await call();
    expect(answer.status).toBe(200);
    expect(answer.headers['x-fairlead-cold-start']).toContain('total');
  });
});
