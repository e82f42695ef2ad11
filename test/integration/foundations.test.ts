/** Owns the proof that an operator lays its foundations (authority, certificates, metrics API) although calls fail. */
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiServices, secrets } from '../../kube/kinds.ts';
import type { Fault } from './harness/fault-proxy.ts';
import { tlsOf } from './harness/proxies.ts';
import { until } from './harness/until.ts';
import { startWorld, systemNamespace } from './harness/world.ts';
import type { World } from './harness/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const names = ['fairlead-ca', 'fairlead-operator-tls', 'fairlead-gateway-tls', 'fairlead-api-tls'];
const metricsApi = { name: 'v1beta1.external.metrics.k8s.io' };

async function clear(): Promise<void> {
  for (const name of names) await world.client.delete(secrets, { name, namespace: systemNamespace });
  await world.client.mergePatch(apiServices, metricsApi, { spec: { caBundle: null } });
}

/** Checks that everything is there and fits together. */
async function check(): Promise<void> {
  for (const name of names.slice(1)) {
    const { cert, ca } = await tlsOf(world.client, systemNamespace, name);
    expect(new X509Certificate(cert).verify(new X509Certificate(ca).publicKey)).toBe(true);
  }
  const { ca } = await tlsOf(world.client, systemNamespace, 'fairlead-ca');
  const { spec } = await world.client.get(apiServices, metricsApi);
  expect(Buffer.from(spec?.caBundle ?? '', 'base64').toString('utf8')).toBe(ca);
}

const calls: readonly (readonly [what: string, method: string, path: RegExp])[] = [
  ['reading the authority', 'GET', /\/secrets\/fairlead-ca$/],
  ['creating the authority', 'POST', /\/namespaces\/fairlead-system\/secrets$/],
  ['looking for a certificate', 'GET', /\/secrets\/fairlead-operator-tls$/],
  ['writing a certificate', 'PATCH', /\/secrets\/fairlead-gateway-tls$/],
  ['writing the APIService', 'PATCH', /\/apiservices\/v1beta1\.external\.metrics\.k8s\.io$/],
];
const faults: readonly Fault[] = ['internal error', 'cut before it arrives', 'cut after it was done'];

describe.each(calls)('the foundations are laid although %s fails once', (_what, method, path) => {
  it.each(faults)('with: %s', async (fault) => {
    await clear();
    const failure = world.proxy.failNext(
      (request) => request.method === method && path.test(request.path),
      fault,
    );
    const operator = await world.startOperator();
    await until('it serves', () => Object.keys(operator.health.unreadyReasons()).length === 0);
    await until('all is in place', () => check().then(() => true));
    expect(failure.done).toBe(true);
    await operator.stop();
  });
});

describe('an operator that follows another', () => {
  it('keeps the authority and the certificates', async () => {
    const read = () => Promise.all(names.map((name) => tlsOf(world.client, systemNamespace, name)));
    const before = await read();
    const operator = await world.startOperator();
    await until('it serves', () => Object.keys(operator.health.unreadyReasons()).length === 0);
    expect(await read()).toEqual(before);
    await operator.stop();
  });

  it('serves on with a Secret of the authority that is damaged, and changes nothing', async () => {
    const ref = { name: 'fairlead-ca', namespace: systemNamespace };
    await world.client.mergePatch(secrets, ref, { data: { 'tls.crt': Buffer.from('x').toString('base64') } });
    const damaged = await world.client.get(secrets, ref);
    const operator = await world.startOperator();
    await until('it serves', () => Object.keys(operator.health.unreadyReasons()).length === 0);
    const reads = () => world.proxy.seen.filter(({ path }) => path.endsWith('/secrets/fairlead-ca')).length;
    const before = reads();
    await until('it has looked again', () => reads() > before);
    expect(await world.client.get(secrets, ref)).toEqual(damaged);
    await operator.stop();
  });

  it('leaves the metrics API to whom it belongs', async () => {
    await clear();
    await world.client.mergePatch(apiServices, metricsApi, { spec: { service: { name: 'keda' } } });
    const operator = await world.startOperator();
    await until('it serves', () => Object.keys(operator.health.unreadyReasons()).length === 0);
    expect((await world.client.get(apiServices, metricsApi)).spec?.caBundle).toBeUndefined();
    await operator.stop();
  });
});
