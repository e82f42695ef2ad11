/** Owns the proof of the route-optimised path: who is let in by a sidecar, where it sends requests, and what is told there. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aWineEndpoint } from './cluster-fixture.ts';
import { makeDataPlaneKey } from './data-plane-token-fixture.ts';
import { deployments, routeTo, startDirect, winePath } from './direct-fixture.ts';
import type { DirectUnderTest } from './direct-fixture.ts';
import type { TestAnswer, TestCall } from './http-client-fixture.ts';
import { endpointIdentity } from '../../platform/tls/identity.ts';
import { makePki, wineIdentity } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';

let pki: Pki;
let t: DirectUnderTest;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
beforeEach(async () => {
  t = await startDirect(pki);
});
afterEach(() => t.stop());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const whoAnswered = ({ status, headers }: TestAnswer): unknown => [status, headers['served-model-name']];
const onlyRed = () => t.direct(routeTo('red', 100, deployments.red, t.red));

describe('a caller', () => {
  beforeEach(onlyRed);

  it('with a token is served by the sidecar that it came to', async () => {
    const answer = await t.send();
    expect(whoAnswered(answer)).toEqual([200, 'red']);
    expect(t.red.model.seen).toHaveLength(1);
    expect(JSON.stringify(t.red.model.seen[0]?.rawHeaders)).not.toMatch(/authorization|eyJ/i);
  });

  it('may name the entity', async () => {
    const path = winePath.replace('/invocations', '/served-models/red/invocations');
    expect(whoAnswered(await t.send({ path }))).toEqual([200, 'red']);
  });

  it.each<[string, () => Partial<TestCall>, number, string]>([
    ['without a token', () => ({ headers: {} }), 401, 'no_token'],
    ['with a token of its own issuer', () => ({ headers: bearer('alice-token') }), 403, 'invalid_token'],
    [
      'with a token for another endpoint',
      () => ({
        headers: bearer(
          t.key.mint({
            claims: {
              aud: 'serving-endpoint/u-2',
              endpoint: { namespace: 'team-a', name: 'wine', uid: 'u-2' },
            },
          }),
        ),
      }),
      403,
      'invalid_token',
    ],
    [
      'with a token that allows something else',
      () => ({ headers: bearer(t.key.mint({ claims: { actions: ['manage_inference_endpoint'] } })) }),
      403,
      'invalid_token',
    ],
    [
      'with a token of another key',
      () => ({ headers: bearer(makeDataPlaneKey('one').mint()) }),
      403,
      'invalid_token',
    ],
    [
      'with a token in the query',
      () => ({ path: `${winePath}?token=${t.key.mint()}`, headers: {} }),
      401,
      'no_token',
    ],
    ['that asks for another endpoint', () => ({ path: winePath.replace('wine', 'beer') }), 404, ''],
    ['that asks in another namespace', () => ({ path: winePath.replace('team-a', 'team-b') }), 404, ''],
    ['that names no namespace', () => ({ path: '/serving-endpoints/wine/invocations' }), 404, ''],
    [
      'that asks for an entity that there is not',
      () => ({ path: winePath.replace('/inv', '/served-models/blue/inv') }),
      404,
      '',
    ],
    ['that takes the way of proxies', () => ({ path: '/invocations' }), 403, ''],
    ['that waits for readiness as proxies do', () => ({ path: '/await-ready' }), 404, ''],
    [
      'that speaks as proxies do',
      () => ({ headers: { 'x-fairlead-principal': 'alice', 'x-fairlead-accounted': '1' } }),
      401,
      'no_token',
    ],
  ])('%s is not served', async (_name, call, status, reason) => {
    const answer = await t.send(call());
    expect(answer.status).toBe(status);
    expect(t.red.model.seen).toEqual([]);
    const dropped = await t.red.registry.metrics();
    if (reason !== '') expect(dropped).toContain(`reason="${reason}"`);
  });

  it('with the certificate of another endpoint is no proxy', async () => {
    const stranger = await pki.material(endpointIdentity('cluster.local', 'team-a', 'beer'));
    const headers = { 'x-fairlead-principal': 'alice' };
    expect((await t.send({ path: '/invocations', tls: stranger, headers })).status).toBe(403);
  });

  it('with a certificate that nobody vouches for is as one without', async () => {
    const foreign = await (await makePki()).material(wineIdentity);
    const tls = { ...foreign, ca: pki.authority.certificatePem };
    expect((await t.send({ path: '/invocations', tls })).status).toBe(403);
    expect((await t.send({ tls })).status).toBe(200);
  });

  it('whose key is no longer published is not served any more, on an open connection either', async () => {
    const two = makeDataPlaneKey('two');
    const { current } = t.red.config;
    const token = t.key.mint();
    expect((await t.send({ headers: bearer(token) })).status).toBe(200);
    t.red.config.set({ ...current, routeOptimized: { ...current.routeOptimized!, keys: [two.publicKey] } });
    expect((await t.send({ headers: bearer(token) })).status).toBe(403);
    expect((await t.send({ headers: bearer(two.mint()) })).status).toBe(200);
  });

  it('is counted by the limits of the endpoint, by name', async () => {
    const { current } = t.red.config;
    t.red.config.set({ ...current, rateLimits: [{ key: 'user', calls: 1, renewalPeriod: 'minute' }] });
    const bob = bearer(t.key.mint({ claims: { sub: 'bob' } }));
    const statuses = [await t.send(), await t.send({ headers: bob }), await t.send()];
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429]);
  });
});

describe('a request', () => {
  it('goes to the entities by their shares, to those of others over mTLS', async () => {
    await t.direct(
      routeTo('red', 75, deployments.red, t.red),
      routeTo('white', 25, deployments.white, t.white),
    );
    const names: unknown[] = [];
    for (let count = 0; count < 8; count += 1) names.push((await t.send()).headers['served-model-name']);
    expect(names.filter((name) => name === 'white')).toHaveLength(2);
    expect(t.white.model.seen).toHaveLength(2);
  });

  it('is accounted where it came in, and the next hop is told who asks', async () => {
    await t.direct(routeTo('white', 100, deployments.white, t.white));
    const { current } = t.white.config;
    t.white.config.set({ ...current, rateLimits: [{ key: 'endpoint', calls: 1, renewalPeriod: 'minute' }] });
    const answers = [await t.send(), await t.send(), await t.send()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers[0]?.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is no demand of the sidecar that only passes it on', async () => {
    await t.direct(routeTo('white', 100, deployments.white, t.white));
    for (let count = 0; count < 3; count += 1) await t.send();
    const finished = async (deployment: string): Promise<number> => {
      await t.direct(routeTo('white', 100, deployments.white, t.white));
      return t.operator.reports
        .flatMap(({ entries }) => entries)
        .filter((entry) => entry.deployment === deployment)
        .reduce((sum, entry) => sum + entry.finished, 0);
    };
    expect([await finished(deployments.red), await finished(deployments.white)]).toEqual([0, 3]);
  });

  it('for a peer that is gone goes to another', async () => {
    const gone = routeTo('white', 100, deployments.white, t.white);
    await t.direct({ ...gone, pods: [{ host: '127.0.0.1', port: 1 }, ...gone.pods] });
    const answers = await Promise.all(Array.from({ length: 6 }, () => t.send()));
    expect(answers.map(whoAnswered)).toEqual(Array(6).fill([200, 'white']));
  });

  it('for a peer whose model is gone goes to the gateway, with its caller', async () => {
    t.gateway.cluster.setPods('team-a', deployments.red, [{ ...t.red.sidecar.data, ready: true }]);
    await t.direct(routeTo('wine-1', 100, deployments.white, t.white));
    await t.white.model.stop();
    expect(whoAnswered(await t.send())).toEqual([200, 'red']);
    expect(t.red.model.seen).toHaveLength(1);
  });

  it('goes elsewhere when the model beside the sidecar is gone', async () => {
    await onlyRed();
    await t.red.model.stop();
    t.gateway.cluster.setPods('team-a', deployments.red, [{ ...t.white.sidecar.data, ready: true }]);
    const path = winePath;
    t.gateway.cluster.setEndpoint(
      aWineEndpoint((endpoint) => ({
        ...endpoint,
        status: {
          traffic: [{ servedEntity: 'red', percent: 100, deployment: deployments.red, configVersion: 1 }],
        },
      })),
    );
    expect(whoAnswered(await t.send({ path }))).toEqual([200, 'white']);
  });

  it('goes to the gateway while nobody has told the sidecar where it belongs', async () => {
    t.gateway.cluster.setPods('team-a', deployments.red, [{ ...t.white.sidecar.data, ready: true }]);
    expect(whoAnswered(await t.send())).toEqual([200, 'white']);
    expect(t.gateway.cluster.api.requests.filter(({ path }) => path.endsWith('reviews'))).toEqual([]);
  });

  it('that nobody can answer is refused with a reason', async () => {
    await t.direct(routeTo('white', 100, deployments.white));
    await t.gateway.gateway.stop();
    const answer = await t.send();
    expect(answer.status).toBe(503);
    expect(answer.headers['x-fairlead-request-dropped-reason']).toBe('unreachable');
  });
});

describe('a gateway in place of sidecars', () => {
  const sendToGateway = (more: Partial<TestCall> = {}): Promise<TestAnswer> =>
    t.send({ to: t.gateway.gateway.directAddress!, ...more });
  beforeEach(() => {
    t.gateway.cluster.setPods('team-a', deployments.red, [{ ...t.red.sidecar.data, ready: true }]);
  });

  it.each<[string, () => Record<string, string>]>([
    ['a token of the data plane, without asking anybody', () => bearer(t.key.mint())],
    ['a token of its caller', () => bearer('alice-token')],
  ])('takes %s', async (_name, headers) => {
    expect((await sendToGateway({ headers: headers() })).status).toBe(200);
    const reviews = t.gateway.cluster.api.requests.filter(({ path }) => path.endsWith('reviews'));
    expect(reviews).toHaveLength(_name.includes('anybody') ? 0 : 2);
  });

  it.each<[string, () => Partial<TestCall>, number]>([
    ['without a token', () => ({ headers: {} }), 401],
    ['with a token that nobody signed', () => ({ headers: bearer(makeDataPlaneKey('one').mint()) }), 403],
    [
      'with a token for another endpoint',
      () => ({
        headers: bearer(
          t.key.mint({
            claims: {
              aud: 'serving-endpoint/u-2',
              endpoint: { namespace: 'team-a', name: 'wine', uid: 'u-2' },
            },
          }),
        ),
      }),
      403,
    ],
    ['for an endpoint that there is not', () => ({ path: winePath.replace('wine', 'beer') }), 403],
    ['that speaks as sidecars do', () => ({ headers: { 'x-fairlead-principal': 'alice' } }), 401],
  ])('turns somebody away %s', async (_name, call, status) => {
    expect((await sendToGateway(call())).status).toBe(status);
    expect(t.red.model.seen).toEqual([]);
  });

  it('takes the word of a sidecar on its own endpoint, and on no other', async () => {
    const headers = { 'x-fairlead-principal': 'alice', 'x-fairlead-accounted': '1' };
    const own = await pki.material(wineIdentity);
    expect((await sendToGateway({ tls: own, headers })).status).toBe(200);
    const stranger = await pki.material(endpointIdentity('cluster.local', 'team-a', 'beer'));
    expect((await sendToGateway({ tls: stranger, headers })).status).toBe(401);
  });

  it('takes nobody at their word at the ports of users', async () => {
    const headers = { 'x-fairlead-principal': 'alice', 'x-fairlead-accounted': '1' };
    expect((await t.gateway.send({ headers })).status).toBe(401);
    expect((await t.gateway.send({ headers: bearer(t.key.mint()) })).status).toBe(200);
  });

  it('holds requests until a pod is there', async () => {
    t.gateway.cluster.setPods('team-a', deployments.red, []);
    await t.gateway.caughtUp();
    t.gateway.cluster.scales.set(`team-a/${deployments.red}`, 0);
    t.gateway.cluster.onScaled = () =>
      t.gateway.cluster.setPods('team-a', deployments.red, [{ ...t.red.sidecar.data, ready: true }]);
    const answer = await sendToGateway();
    expect(whoAnswered(answer)).toEqual([200, 'red']);
    expect(Number(answer.headers['x-fairlead-cold-start'])).toBeGreaterThan(0);
  });
});
