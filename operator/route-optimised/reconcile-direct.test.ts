/** Owns the tests of the way to sidecars: what is written and removed for it, and what comes of each write that fails. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import { makeKubeClient } from '../../kube/client.ts';
import type { EndpointSlice, Pod, Service } from '../../kube/kinds.ts';
import { json, refusal, startFakeApiServer } from '../../kube/testing/fake-api-server.ts';
import type { FakeApiServer, Matcher } from '../../kube/testing/fake-api-server.ts';
import { plainTransport, silentLog } from '../../kube/testing/plain-access.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { aDeployment } from '../../test/support/a-deployment.ts';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { ChildWriter } from '../children/apply-child.ts';
import { withAppliedHash } from '../children/check-child.ts';
import { aConfig, aPod } from '../operator-fixture.ts';
import { makeDirectService } from './make-direct-service.ts';
import { makeGatewaySlices } from './make-gateway-slices.ts';
import { reconcileDirect } from './reconcile-direct.ts';
import type { DirectSnapshot, DirectState } from './reconcile-direct.ts';

const config = aConfig();
const now = Date.parse('2026-01-01T00:10:00Z');
const identity = { name: 'wine', namespace: 'default', uid: 'u-1' };
const builder = anEndpoint('wine').withMetadata({ uid: 'u-1' }).servingModel('models:/wine/1');
const direct = builder.withSpec({ routeOptimized: true }).build();
const gateways: EndpointSlice[] = [
  {
    metadata: { name: 'fairlead-gateway-x', namespace: 'fairlead-system' },
    addressType: 'IPv4',
    ports: [{ name: 'direct', port: 8444 }],
    endpoints: [{ addresses: ['10.0.0.1'] }],
  },
];
const service = (uid = 'u-1'): Service => {
  const made = withAppliedHash(makeDirectService({ ...identity, uid }, config));
  return { ...made, metadata: { ...made.metadata, uid: 'service-1' } };
};
const standIns = makeGatewaySlices(identity, gateways).map((slice) => {
  const made = withAppliedHash(slice);
  return { ...made, metadata: { ...made.metadata, uid: 'slice-1' } };
});
const readyPod = (): Pod => {
  const made = aPod('p', 'wine-red', {
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  });
  const own = { ...made.metadata?.labels, [labels.routeOptimized]: 'true' };
  return { ...made, metadata: { ...made.metadata, labels: own } };
};

let server: FakeApiServer;
let transport: KubeTransport;
beforeEach(async () => {
  server = await startFakeApiServer();
  server.always(({ method }) => method === 'PATCH' || method === 'DELETE', json({ metadata: {} }));
  transport = plainTransport(server.url);
});
afterEach(async () => {
  await transport.close();
  await server.stop();
});

const reconcile = (
  seen: Partial<DirectSnapshot> = {},
  isLeaving = false,
  shownInMs = 0,
): Promise<DirectState | undefined> => {
  const client = makeKubeClient(transport);
  const leaving = { has: () => isLeaving };
  const gatewayCertificate = { shownInMs: () => shownInMs };
  return reconcileDirect(
    {
      endpoint: direct,
      identity,
      services: new Map(),
      deployments: new Map([['wine-red', aDeployment('wine-red').build()]]),
      pods: [],
      slices: [],
      gateways,
      ...seen,
    },
    { client, children: new ChildWriter(client), leaving, gatewayCertificate, config, log: silentLog },
    now,
  );
};
const writes = (): string[] =>
  server.requests
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path }) => `${method} ${path.split('/').slice(-2).join('/')}`);
const of =
  (method: string, plural: string): Matcher =>
  (request) =>
    request.method === method && request.path.includes(`/${plural}/`);
const there = { services: new Map([['wine', service()]]) };

const url = 'https://wine.default.svc/namespaces/default/serving-endpoints/wine/invocations';
const service443 = 'services/wine';
const slice8444 = 'endpointslices/wine-gateways-ipv4-8444';

describe('the way to the sidecars', () => {
  it.each<[string, Partial<DirectSnapshot>, boolean, string[]]>([
    ['is made, with gateways while there are none', {}, false, [`PATCH ${service443}`, `PATCH ${slice8444}`]],
    ['is made without gateways where one is ready', { pods: [readyPod()] }, false, [`PATCH ${service443}`]],
    ['is left alone where it stands', { ...there, pods: [readyPod()] }, false, []],
    ['is left alone while gateways stand in', { ...there, slices: standIns }, false, []],
    [
      'leads to gateways too before sidecars go',
      { ...there, pods: [readyPod()] },
      true,
      [`PATCH ${slice8444}`],
    ],
    [
      'leads to sidecars alone once one has been ready for long enough',
      { ...there, slices: standIns, pods: [readyPod()] },
      false,
      [`DELETE ${slice8444}`],
    ],
    [
      'loses gateways that are gone',
      { ...there, slices: standIns, gateways: [] },
      false,
      [`DELETE ${slice8444}`],
    ],
    [
      'is taken away where callers are to come to gateways alone',
      { ...there, endpoint: builder.build(), slices: standIns },
      false,
      [`DELETE ${service443}`, `DELETE ${slice8444}`],
    ],
    ['is not there where nobody asks for it', { endpoint: builder.build() }, false, []],
    [
      'is not taken away from somebody else',
      { endpoint: builder.build(), services: new Map([['wine', service('u-2')]]) },
      false,
      [],
    ],
  ])('%s', async (_name, seen, isLeaving, written) => {
    const state = await reconcile(seen, isLeaving);
    expect(writes()).toEqual(written);
    const isDirect = (seen.endpoint ?? direct).spec.routeOptimized;
    const fine = { url, problem: undefined, awaitsCertificate: false, againInMs: undefined };
    expect(state).toEqual(isDirect ? fine : undefined);
  });

  it.each<[string, Pod[], object]>([
    ['waits for the certificate of gateways', [], { awaitsCertificate: true, againInMs: 7_000 }],
    ['needs none where a sidecar answers', [readyPod()], { awaitsCertificate: false, againInMs: undefined }],
  ])('%s', async (_name, pods, expected) => {
    expect(await reconcile({ ...there, pods }, false, 7_000)).toMatchObject(expected);
  });

  it('is looked at again when gateways no longer need to stand in', async () => {
    const pod = readyPod();
    const [ready] = pod.status?.conditions ?? [];
    const since = new Date(now - 2_000).toISOString();
    const pods = [{ ...pod, status: { conditions: [{ ...ready!, lastTransitionTime: since }] } }];
    expect(await reconcile({ ...there, slices: standIns, pods })).toMatchObject({ againInMs: 3_000 });
    expect(writes()).toEqual([]);
  });

  it('removes what it has seen and nothing that took its place', async () => {
    await reconcile({ ...there, endpoint: builder.build(), slices: standIns });
    const preconditions = server.requests.map(({ body }) => JSON.parse(body) as { preconditions: unknown });
    expect(preconditions.map((body) => body.preconditions)).toEqual([
      { uid: 'service-1' },
      { uid: 'slice-1' },
    ]);
  });
});

describe('where a write is refused', () => {
  it.each<[string, () => void, string]>([
    [
      'somebody else has a Service of that name',
      () => server.always(of('GET', 'services'), json({ metadata: { name: 'wine', namespace: 'default' } })),
      'NotOwned',
    ],
    [
      'an earlier endpoint of that name has left its Service',
      () => server.always(of('GET', 'services'), json(service('u-0'))),
      'WaitingForCleanup',
    ],
    [
      'the cluster does not take the Service',
      () => server.always(of('PATCH', 'services'), refusal(422, 'Invalid', 'no room')),
      'ObjectRefused',
    ],
    [
      'the cluster does not take the slice',
      () => server.always(of('PATCH', 'endpointslices'), refusal(403, 'Forbidden', 'not here')),
      'ObjectRefused',
    ],
  ])('%s: it is told, and tried again', async (_name, script, reason) => {
    script();
    const state = await reconcile();
    expect(state).toMatchObject({ url, problem: { reason } });
    expect(state?.againInMs).toBeGreaterThan(0);
  });

  it.each<[string, () => void, Partial<DirectSnapshot>]>([
    ['the look for a Service', () => server.always(of('GET', 'services'), refusal(500, 'InternalError')), {}],
    ['the Service', () => server.always(of('PATCH', 'services'), refusal(500, 'InternalError')), {}],
    [
      'the look for a slice',
      () => server.always(of('GET', 'endpointslices'), refusal(500, 'InternalError')),
      there,
    ],
    ['the slice', () => server.always(of('PATCH', 'endpointslices'), refusal(500, 'InternalError')), there],
    [
      'the removal of the slice',
      () => server.always(of('DELETE', 'endpointslices'), refusal(409, 'Conflict')),
      { ...there, slices: standIns, pods: [readyPod()] },
    ],
    [
      'the removal of the Service',
      () => server.always(of('DELETE', 'services'), refusal(409, 'Conflict')),
      { ...there, endpoint: builder.build() },
    ],
  ])('%s fails as a whole, to be tried again', async (_name, script, seen) => {
    script();
    await expect(reconcile(seen)).rejects.toThrow();
  });
});
