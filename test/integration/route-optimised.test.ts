/** Owns the proof of route-optimised endpoints: callers at their Service, the switch at zero and back, and a change of mind. */
import type { Agent } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Directions } from '../../core/routing/directions.ts';
import type { ServingEndpointStatus } from '../../crds/schema/serving-endpoint.ts';
import { startEndpointSliceController } from '../../devcluster/controllers/endpoint-slice/controller.ts';
import { endpointSlices, services, servingEndpoints } from '../../kube/kinds.ts';
import { systemClock } from '../../platform/clock.ts';
import { makeLogger } from '../../platform/logging.ts';
import type { Gateway } from '../../proxy/gateway/gateway.ts';
import { startModelServer } from '../../proxy/testing/model-server-fixture.ts';
import type { ModelServer } from '../../proxy/testing/model-server-fixture.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { startApiProcess } from './harness/api.ts';
import type { RunningApi } from './harness/api.ts';
import { deploymentsOf, startObligingNodes } from './harness/nodes.ts';
import { aReport, ask, tlsOf } from './harness/proxies.ts';
import { startGatewayHere } from './harness/request-path.ts';
import { callDirect, followService, startLoad } from './harness/service-callers.ts';
import type { DirectAnswer, FollowedService, Load } from './harness/service-callers.ts';
import { startSidecarNode } from './harness/sidecar-node.ts';
import type { SidecarNode } from './harness/sidecar-node.ts';
import { until } from './harness/until.ts';
import { startWorld, systemNamespace } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

const name = 'wine';
const namespace = 'default';
const slot = process.pid % 250;
const gatewayHost = `127.92.${slot}.1`;
const path = `/namespaces/${namespace}/serving-endpoints/${name}/invocations`;
const log = makeLogger({ process: 'test', level: 'silent' });

let world: World;
let nodes: { stop(): Promise<void> };
let slices: { stop(): Promise<void> };
let operator: RunningOperator;
let api: RunningApi;
let gateway: Gateway;
let model: ModelServer;
let node: SidecarNode;
let service: FollowedService;
let ca: string;
let token: string;

const endpoint = (endpointName: string, routeOptimized = true) =>
  anEndpoint(endpointName)
    .servingModel('models:/wine/1')
    .withScaleToZero('1s')
    .withSpec({ routeOptimized })
    .manifest();
const statusOf = async (which = name): Promise<ServingEndpointStatus | undefined> =>
  (await world.endpoint(which)).status;
const replicas = async (): Promise<number | undefined> =>
  (await deploymentsOf(world.client, name))[0]?.spec?.replicas;

beforeAll(async () => {
  world = await startWorld();
  const client = world.api.localClient('endpointslice-controller');
  slices = startEndpointSliceController({ client, log, clock: systemClock });
  nodes = startObligingNodes(world.client);
  operator = await world.startOperator({
    routeOptimized: { gatewayUrl: `https://${gatewayHost}:8444`, switchDelay: '2s', mountDelay: '1s' },
    sidecar: { drainQuiet: '700ms' },
  });
  api = await startApiProcess(world);
  gateway = await startGatewayHere(world, operator, {
    ...{ host: gatewayHost, direct: true, directPort: 8444 },
    apiUrl: api.url,
  });
  await publishGateway();
  model = await startModelServer();
  node = startSidecarNode(world, { endpoint: name, model, network: `127.93.${slot}` });
  service = followService(world.client, name);
  await world.apply(endpoint(name));
  await world.apply(endpoint('beer'));
  await until('it is ready', async () => (await statusOf())?.ready === 'True');
  ca = (await tlsOf(world.client, namespace, `${name}-sidecar-tls`)).ca;
  token = await tokenFor(name);
});
afterAll(async () => {
  await service.stop();
  await node.stop();
  await model.stop();
  await gateway.stop();
  await api.stop();
  await slices.stop();
  await nodes.stop();
  await world.stop();
});

/** What the Service of gateways has behind it: there are no nodes to run their pods. */
const publishGateway = () =>
  world.client.apply(
    endpointSlices,
    {
      metadata: {
        name: 'fairlead-gateway-direct-0',
        namespace: systemNamespace,
        labels: { 'kubernetes.io/service-name': 'fairlead-gateway-direct' },
      },
      addressType: 'IPv4',
      ports: [{ name: 'direct', port: 8444, protocol: 'TCP' }],
      endpoints: [{ addresses: [gatewayHost], conditions: { ready: true } }],
    },
    { fieldManager: 'test' },
  );

const gatewayUrl = (): string => `http://${gateway.address.host}:${gateway.address.port}`;

/** Asks the token endpoint as a client does: at the gateway. */
async function askForToken(which: string): Promise<Record<string, string>> {
  const id = await until(`${which} has an id`, async () => (await statusOf(which))?.id);
  const permission = {
    type: 'workspace_permission',
    object_type: 'serving-endpoints',
    object_path: `/serving-endpoints/${id}`,
    actions: ['query_inference_endpoint'],
  };
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: world.api.adminToken,
    authorization_details: JSON.stringify([permission]),
  });
  const answer = await fetch(`${gatewayUrl()}/oidc/v1/token`, { method: 'POST', body });
  return (await answer.json()) as Record<string, string>;
}

const tokenFor = (which: string): Promise<string> =>
  until('there is a token', async () => (await askForToken(which))['access_token']);

interface Call {
  readonly token?: string | undefined;
  readonly path?: string;
  readonly agent?: Agent | undefined;
}

/** A call to the endpoint's own Service: to whoever is behind it. */
async function call(more: Call = {}): Promise<DirectAnswer> {
  const targets = service.targets();
  const to = targets[Math.floor(Math.random() * targets.length)];
  if (to === undefined) throw new Error('nobody is behind the Service');
  return callDirect({ to, path, servername: `${name}.${namespace}.svc`, ca, token, ...more });
}

const hosts = (): string[] =>
  service
    .targets()
    .map(({ host }) => host)
    .sort();
const answerAlone = (who: () => string[]): boolean =>
  who().length > 0 && JSON.stringify(hosts()) === JSON.stringify(who().sort());
const sidecarsAnswer = (): Promise<unknown> =>
  until('sidecars answer alone', () => answerAlone(() => node.hosts()));
/** Whoever answers wakes it, where it is at zero. */
const wake = async (): Promise<void> => {
  await until('it answers', async () => (await call()).status === 200);
  await sidecarsAnswer();
};
const gatewaysAnswer = (): Promise<unknown> =>
  until('gateways answer alone', () => answerAlone(() => [gatewayHost]) && node.hosts().length === 0);
const goesOn = async (load: Load): Promise<void> => {
  const before = load.answered();
  await until('the load goes on', () => load.answered() > before + 20);
};

describe('the Service of a route-optimised endpoint', () => {
  it('is told in the status', async () => {
    await until('callers can come', async () => {
      const conditions = (await statusOf())?.conditions ?? [];
      const found = conditions.find(({ type }) => type === 'DirectAccess');
      return found?.status === 'True' && found.reason === 'ServiceReady';
    });
    expect((await statusOf())?.dataPlane?.url).toBe(`https://wine.default.svc${path}`);
  });

  it('leads callers with a token to the sidecars', async () => {
    await wake();
    const answer = await call();
    expect(answer.status).toBe(200);
    expect(answer.headers['served-model-name']).toBe('wine-1');
  });

  it.each<[string, () => Promise<Call>, number]>([
    ['without a token', () => Promise.resolve({ token: undefined }), 401],
    ['with a token of Kubernetes', () => Promise.resolve({ token: world.api.adminToken }), 403],
    ['with a token for another endpoint', async () => ({ token: await tokenFor('beer') }), 403],
    ['with a token that was changed', () => Promise.resolve({ token: `${token.slice(0, -4)}AAAA` }), 403],
    ['for another endpoint', () => Promise.resolve({ path: path.replace(name, 'beer') }), 404],
  ])('turns callers away %s', async (_name, make, status) => {
    const more = { token, path, ...(await make()) };
    await wake();
    const [to] = node.hosts();
    const servername = `${name}.${namespace}.svc`;
    const answer = await callDirect({ to: { host: to ?? '', port: 8443 }, servername, ca, ...more });
    expect(answer.status).toBe(status);
  });
});

describe('a sidecar', () => {
  it('is told by the operator where requests go, once', async () => {
    const [deployment] = await deploymentsOf(world.client, name);
    const on = { endpoint: name, deployment: deployment?.metadata?.name ?? '' };
    const url = `https://${operator.host}:${operator.demandPort}/v1/demand`;
    const tls = await tlsOf(world.client, namespace, `${name}-sidecar-tls`);
    const told = async (version: string | undefined, as = tls): Promise<[number, Directions | undefined]> => {
      const report = {
        ...aReport('somebody', on),
        ...(version === undefined ? {} : { directions: version }),
      };
      const { status, body } = await ask(url, 'POST', as, report);
      return [status, body === '' ? undefined : (JSON.parse(body) as Directions)];
    };
    const [status, directions] = await told('');
    expect(status).toBe(200);
    expect(directions?.routes).toMatchObject([
      { servedEntity: 'wine-1', percent: 100, deployment: on.deployment },
    ]);
    expect(await told(directions?.version)).toEqual([204, undefined]);
    expect(await told(undefined)).toEqual([204, undefined]);
    expect(await told('', await tlsOf(world.client, systemNamespace, 'fairlead-gateway-tls'))).toEqual([
      204,
      undefined,
    ]);
  });
});

describe('an endpoint at zero', () => {
  it('is answered for by gateways, which hold the call and wake it', async () => {
    await gatewaysAnswer();
    expect(await replicas()).toBe(0);
    const answer = await call();
    expect(answer.status).toBe(200);
    expect(Number(answer.headers['x-fairlead-cold-start'])).toBeGreaterThan(0);
  });

  it.each<[string, () => Promise<string | undefined>, number]>([
    ['without a token', () => Promise.resolve(undefined), 401],
    ['with a token for another endpoint', () => tokenFor('beer'), 403],
    ['with a token that was changed', () => Promise.resolve(`${token.slice(0, -4)}AAAA`), 403],
  ])('is not woken %s', async (_name, make, status) => {
    await gatewaysAnswer();
    expect((await call({ token: await make() })).status).toBe(status);
    expect(await replicas()).toBe(0);
  });
});

it.each(['first', 'second'])(
  'the %s switch to gateways and back is noticed by no caller',
  async () => {
    await wake();
    await until('it is scaled to zero', async () => (await replicas()) === 0);
    // Before that, everybody had learnt of gateways.
    expect(hosts()).toContain(gatewayHost);
    const load = startLoad((agent) => call({ agent }));
    await until('it is awake', async () => (await replicas()) === 1);
    await sidecarsAnswer();
    await goesOn(load);
    expect(await load.stop()).toEqual([]);
  },
  60_000,
);

it('callers of the gateway do not notice that it is route-optimised no longer, and again', async () => {
  const viaGateway = async (): Promise<DirectAnswer> => {
    const answer = await fetch(`${gatewayUrl()}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.api.adminToken}`, 'content-type': 'application/json' },
      body: '{"inputs":[1]}',
    });
    await answer.arrayBuffer();
    return { status: answer.status, headers: {} };
  };
  const setRouteOptimized = (routeOptimized: boolean) =>
    world.client.mergePatch(servingEndpoints, { name, namespace }, { spec: { routeOptimized } });
  const load = startLoad(viaGateway);
  await goesOn(load);
  const before = node.hosts();
  await setRouteOptimized(false);
  await until('its Service is gone', async () => {
    return (await world.client.find(services, { name, namespace })) === undefined;
  });
  await until('the status tells of no other way', async () => {
    const status = await statusOf();
    const types = status?.conditions?.map(({ type }) => type) ?? [];
    return status?.dataPlane === undefined && !types.includes('DirectAccess');
  });
  await until('another pod serves', () => node.hosts().length === 1 && node.hosts()[0] !== before[0]);
  expect(await askForToken(name)).toMatchObject({ error: 'invalid_authorization_details' });
  await goesOn(load);
  const between = node.hosts();
  await setRouteOptimized(true);
  await until('a third pod serves', () => node.hosts().length === 1 && node.hosts()[0] !== between[0]);
  await sidecarsAnswer();
  expect((await call()).status).toBe(200);
  expect((await statusOf())?.dataPlane).toBeDefined();
  await goesOn(load);
  expect(await load.stop()).toEqual([]);
}, 60_000);
