/** Owns the proof of scaling by demand: who may report it, what the metrics API says, and when an endpoint goes to zero. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiServices, deployments, endpointSlices, horizontalPodAutoscalers } from '../../kube/kinds.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { createPod, deploymentsOf, readyPod, startObligingNodes } from './harness/nodes.ts';
import { aReport, ask, tlsOf } from './harness/proxies.ts';
import type { MutualTls } from './harness/proxies.ts';
import { until } from './harness/until.ts';
import { startWorld, systemNamespace } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

let world: World;
let nodes: { stop(): Promise<void> };
let leader: RunningOperator;
let other: RunningOperator;
let gateway: MutualTls;

beforeAll(async () => {
  world = await startWorld();
  nodes = startObligingNodes(world.client);
  leader = await world.startOperator({ scaling: { reportExpiry: '1s' } });
  await until('the leader listens', () => Object.keys(leader.health.unreadyReasons()).length === 0);
  other = await world.startOperator();
  await until('the other one listens', () => Object.keys(other.health.unreadyReasons()).length === 0);
  gateway = await tlsOf(world.client, systemNamespace, 'fairlead-gateway-tls');
});
afterAll(async () => {
  await nodes.stop();
  await world.stop();
});

const demandUrl = ({ host }: RunningOperator): string => `https://${host}:8444/v1/demand`;

/** Brings an endpoint up with one ready pod, and returns what its sidecar needs to report. */
async function bringUp(name: string, idleAfter?: string) {
  const endpoint = anEndpoint(name).servingModel('models:/iris/1');
  await world.apply((idleAfter === undefined ? endpoint : endpoint.withScaleToZero(idleAfter)).manifest());
  await until(`${name} is ready`, async () => (await world.endpoint(name)).status?.ready === 'True');
  const [deployment] = await deploymentsOf(world.client, name);
  const pod = `${name}-pod`;
  await createPod(world.client, deployment!, pod, readyPod);
  const tls = await tlsOf(world.client, 'default', `${name}-sidecar-tls`);
  return {
    deployment: deployment!.metadata!.name!,
    pod,
    tls,
    on: { endpoint: name, deployment: deployment!.metadata!.name! },
  };
}

const replicasOf = async (name: string) =>
  (await world.client.get(deployments, { name, namespace: 'default' })).spec?.replicas;

describe('the demand server', () => {
  let sidecar: Awaited<ReturnType<typeof bringUp>>;
  beforeAll(async () => {
    sidecar = await bringUp('ash');
  });

  it('takes the report of a sidecar on its own endpoint, and of a gateway on every endpoint', async () => {
    const report = aReport(sidecar.pod, sidecar.on, { inFlight: 1 });
    expect(await ask(demandUrl(leader), 'POST', sidecar.tls, report)).toMatchObject({ status: 204 });
    expect(await ask(demandUrl(leader), 'POST', gateway, report)).toMatchObject({ status: 204 });
  });

  it.each([
    ['on another endpoint', { endpoint: 'oak', deployment: 'oak-1' }],
    [
      'on an endpoint of the same name in another namespace',
      { endpoint: 'ash', deployment: 'ash-1', namespace: 'team-b' },
    ],
  ])('refuses the report of a sidecar %s', async (_name, on) => {
    const answer = await ask(demandUrl(leader), 'POST', sidecar.tls, aReport(sidecar.pod, on));
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ error_code: 'PERMISSION_DENIED' });
  });

  it('refuses a sidecar that claims the Deployment of another endpoint as its own', async () => {
    const elm = await bringUp('elm');
    const report = aReport(sidecar.pod, { endpoint: 'ash', deployment: elm.deployment });
    expect((await ask(demandUrl(leader), 'POST', sidecar.tls, report)).status).toBe(403);
  });

  it('does not speak to anybody without a certificate', async () => {
    await expect(ask(demandUrl(leader), 'POST', {}, {})).rejects.toThrow();
  });

  it.each([
    ['is not a report', { reporter: 'pod' }],
    ['claims negative numbers', aReport('pod', { endpoint: 'ash', deployment: 'ash-1' }, { inFlight: -1 })],
  ])('answers 400 to what %s', async (_name, body) => {
    expect(await ask(demandUrl(leader), 'POST', gateway, body)).toMatchObject({ status: 400 });
  });

  it('sends proxies from an operator that does not lead to the one that does', async () => {
    const answer = await ask(demandUrl(other), 'POST', gateway, aReport('gateway-1', sidecar.on));
    expect(answer).toMatchObject({ status: 307, location: demandUrl(leader) });
  });

  it('answers 404 to other paths', async () => {
    expect((await ask(`https://${leader.host}:8444/other`, 'GET', gateway)).status).toBe(404);
  });

  it('tells the concurrency to operators alone', async () => {
    const url = `https://${leader.host}:8444/v1/concurrency?namespace=default`;
    expect((await ask(url, 'GET', gateway)).status).toBe(403);
    const operator = await tlsOf(world.client, systemNamespace, 'fairlead-operator-tls');
    expect((await ask(url, 'GET', operator)).status).toBe(200);
  });
});

describe('scale to zero', () => {
  /** Reports for a sidecar every 100 ms until told to stop. */
  const keepReporting = (sidecar: Awaited<ReturnType<typeof bringUp>>, numbers = () => ({})) => {
    const end = new AbortController();
    const loop = (async () => {
      while (!end.signal.aborted) {
        await ask(demandUrl(leader), 'POST', sidecar.tls, aReport(sidecar.pod, sidecar.on, numbers()));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    return async (): Promise<void> => {
      end.abort();
      await loop;
    };
  };

  it('comes once no demand was seen for idleAfter, counts as Ready, and is undone by a wake-up', async () => {
    const sidecar = await bringUp('birch', '1s');
    const stop = keepReporting(sidecar);
    await until('it is at zero', async () => (await replicasOf(sidecar.deployment)) === 0);
    await stop();
    const { status } = await until('it is reported', async () => {
      const endpoint = await world.endpoint('birch');
      return endpoint.status?.servedEntities?.[0]?.state === 'ScaledToZero' && endpoint;
    });
    expect(status).toMatchObject({ ready: 'True' });
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.reason).toBe('ScaledToZero');
    const deployment = await world.client.get(deployments, {
      name: sidecar.deployment,
      namespace: 'default',
    });
    expect(deployment.metadata?.annotations?.['serving.fairlead.dev/last-scaled']).toContain('to zero');

    const ref = { name: sidecar.deployment, namespace: 'default' };
    await world.client.scale.mergePatch(deployments, ref, { spec: { replicas: 1 } });
    await until(
      'it is awake',
      async () => (await world.endpoint('birch')).status?.servedEntities?.[0]?.state === 'Ready',
    );
    expect(await replicasOf(sidecar.deployment)).toBe(1);
  });

  it('never comes without reports, nor with reports that stop, nor while a pod is silent, nor under demand', async () => {
    const silent = await bringUp('cedar', '1s');
    const stopped = await bringUp('pine', '5s');
    await ask(demandUrl(leader), 'POST', stopped.tls, aReport(stopped.pod, stopped.on));
    const half = await bringUp('larch', '1s');
    const [deployment] = await deploymentsOf(world.client, 'larch');
    await createPod(world.client, deployment!, 'larch-silent', readyPod);
    const busy = await bringUp('yew', '1s');
    const held = await bringUp('maple', '1s');
    const reporters = [
      keepReporting(half),
      keepReporting(busy, () => ({ finished: 1 })),
      keepReporting(held),
      keepReporting({ ...held, pod: 'gateway-1', tls: gateway }, () => ({ queued: 1 })),
    ];
    const idle = await bringUp('alder', '3s');
    const stop = keepReporting(idle);
    await until(
      'one that is idle for longer is at zero',
      async () => (await replicasOf(idle.deployment)) === 0,
    );
    for (const end of [...reporters, stop]) await end();
    for (const { deployment: name } of [silent, stopped, half, busy, held]) {
      expect([name, await replicasOf(name)]).toEqual([name, 1]);
    }
  });

  it.each([
    ['the scale', /\/scale$/, 'internal error'],
    ['the scale', /\/scale$/, 'conflict'],
    ['the scale', /\/scale$/, 'cut after it was done'],
    ['the note of it', /\/deployments\/[^/]+$/, 'internal error'],
  ] as const)('comes although writing %s fails once (%s, %s)', async (what, path, fault) => {
    const sidecar = await bringUp(`fir-${what}-${fault}`.replaceAll(/[^a-z]+/g, '-'), '1s');
    await until('it has its HPA', () =>
      world.client.find(horizontalPodAutoscalers, { name: sidecar.deployment, namespace: 'default' }),
    );
    const failure = world.proxy.failNext(
      (request) => request.method === 'PATCH' && path.test(request.path),
      fault,
    );
    const stop = keepReporting(sidecar);
    await until('it is at zero', async () => (await replicasOf(sidecar.deployment)) === 0);
    await until('the fault was met', () => failure.done);
    await stop();
  });

  it('is taken back when the endpoint may no longer be at zero', async () => {
    const sidecar = await bringUp('hazel', '1s');
    const stop = keepReporting(sidecar);
    await until('it is at zero', async () => (await replicasOf(sidecar.deployment)) === 0);
    await stop();
    await world.apply(anEndpoint('hazel').servingModel('models:/iris/1').manifest());
    await until('it is awake', async () => (await replicasOf(sidecar.deployment)) === 1);
  });
});

describe('the metrics API', () => {
  const root = '/apis/external.metrics.k8s.io/v1beta1';
  interface Values {
    readonly items: readonly { readonly metricName: string; readonly value: string }[];
  }
  const read = (deployment: string): Promise<Values> =>
    world.client.transport.request<Values>({
      method: 'GET',
      path: `${root}/namespaces/default/fairlead_concurrency`,
      query: { labelSelector: `serving.fairlead.dev/deployment=${deployment}` },
    });
  /** Lets the Service of the operator lead to one of them, as the controller of EndpointSlices would. */
  const routeTo = async ({ host }: RunningOperator): Promise<void> => {
    const metadata = {
      name: 'fairlead-operator-1',
      namespace: systemNamespace,
      labels: { 'kubernetes.io/service-name': 'fairlead-operator' },
    };
    const ports = [{ name: 'metrics-api', port: 6443, protocol: 'TCP' }];
    const endpoints = [{ addresses: [host], conditions: { ready: true } }];
    const slice = { metadata, addressType: 'IPv4', endpoints, ports };
    await world.client.apply(endpointSlices, slice, { fieldManager: 'test' });
  };

  it.each([
    ['the leader', () => leader],
    ['an operator that does not lead', () => other],
  ])('refuses whoever is not the aggregator of the API server, on %s', async (_name, operator) => {
    const url = `https://${operator().host}:6443${root}`;
    expect((await ask(url, 'GET', {})).status).toBe(401);
    expect((await ask(url, 'GET', gateway)).status).toBe(401);
  });

  it('is registered with the authority that signs its certificate', async () => {
    await until('the caBundle is there', async () => {
      const service = await world.client.get(apiServices, { name: 'v1beta1.external.metrics.k8s.io' });
      return Buffer.from(service.spec?.caBundle ?? '', 'base64').toString('utf8') === gateway.ca;
    });
  });

  it.each([
    ['the leader', () => leader],
    ['an operator that does not lead', () => other],
  ])(
    'says through the API server what is known, and nothing of what is not, on %s',
    async (_name, operator) => {
      await routeTo(operator());
      const name = `spruce-${operator() === leader ? 'a' : 'b'}`;
      const sidecar = await bringUp(name);
      await until('the API server reaches it', () => read('unknown').then(() => true));
      expect((await read(sidecar.deployment)).items).toEqual([]);
      const value = await until('the concurrency is known', async () => {
        await ask(demandUrl(leader), 'POST', sidecar.tls, aReport(sidecar.pod, sidecar.on, { inFlight: 3 }));
        const [item] = (await read(sidecar.deployment)).items;
        return item !== undefined && Number.parseInt(item.value, 10) > 0 && item;
      });
      expect(value).toMatchObject({
        metricName: 'fairlead_concurrency',
        metricLabels: { 'serving.fairlead.dev/deployment': sidecar.deployment },
        value: expect.stringMatching(/^[0-9]+m$/) as string,
      });
      await until('it is unknown again once the reports have stopped', async () => {
        return (await read(sidecar.deployment)).items.length === 0;
      });
    },
  );

  it('answers 404 for another metric and 400 for a selector that it does not understand', async () => {
    const ask404 = world.client.transport.request({
      method: 'GET',
      path: `${root}/namespaces/default/other`,
    });
    await expect(ask404).rejects.toMatchObject({ status: 404 });
    await expect(read('a,tier b')).rejects.toMatchObject({ status: 400 });
  });
});
