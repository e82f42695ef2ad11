/** Owns the proof that requests go through the gateway to the right model, as long as anything can be right. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import { answerTo, openCall, send, until } from '../testing/http-client-fixture.ts';
import { readBody } from '../testing/model-server-fixture.ts';
import { gatewayIdentity, makePki } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { aliceHeaders, startGatewayUnderTest, winePath } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';

const deployment = 'wine-0123456789';
const errorCode = (json: unknown): unknown => (json as { error_code?: unknown } | undefined)?.error_code;
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

let pki: Pki;
let pod: SidecarUnderTest;
let t: GatewayUnderTest;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
beforeEach(async () => {
  pod = await startSidecarUnderTest(pki);
  t = await startGatewayUnderTest(pki, { config: { maxBodyBytes: 10_000, authenticationTtlMs: 60_000 } });
  t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  await setEndpoint();
});
afterEach(async () => {
  await t.stop();
  await pod.stop();
});

async function setEndpoint(change?: (endpoint: ServingEndpoint) => ServingEndpoint): Promise<void> {
  t.cluster.setEndpoint(aWineEndpoint(change));
  await t.caughtUp();
}

const withSpec =
  (spec: Partial<ServingEndpoint['spec']>) =>
  (endpoint: ServingEndpoint): ServingEndpoint => ({ ...endpoint, spec: { ...endpoint.spec, ...spec } });

describe('a request', () => {
  it('reaches the model as the caller it is, and its answer comes back', async () => {
    const answer = await t.send({
      path: `${winePath}?a=b`,
      headers: { ...aliceHeaders, 'x-request-id': 'r-1' },
    });
    expect(answer).toMatchObject({ status: 200, json: { predictions: [0] } });
    expect(answer.headers).toMatchObject({ 'served-model-name': 'wine-1', 'x-request-id': 'r-1' });
    expect(pod.model.seen[0]).toMatchObject({ url: '/invocations?a=b', body: '{"inputs":[1]}' });
  });

  it.each([
    ['curl -u token:…', { authorization: `Basic ${Buffer.from('token:alice-token').toString('base64')}` }],
    ['a made-up word between proxies', { ...bearer('alice-token'), 'x-fairlead-principal': 'root' }],
  ])('with %s is answered', async (_name, headers) => {
    expect((await t.send({ headers })).status).toBe(200);
  });

  it.each([
    ['in the default namespace without naming it', '/serving-endpoints/wine/invocations', 404],
    [
      'of a served entity in particular',
      `${winePath.replace('/invocations', '')}/served-models/wine-1/invocations`,
      200,
    ],
    ['with a slash at the end', `${winePath}/`, 200],
  ])('%s is understood', async (_name, path, status) => {
    expect((await t.send({ path })).status).toBe(status);
  });

  it('finds the endpoint by its public name, and by no other', async () => {
    await setEndpoint(withSpec({ endpointName: 'Wine_prod' }));
    expect((await t.send({ path: winePath.replace('wine', 'Wine_prod') })).status).toBe(200);
    expect((await t.send()).status).toBe(404);
  });

  it('is streamed both ways', async () => {
    pod.model.respond = (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      request.on('data', (piece: Buffer) => response.write(piece));
      request.on('end', () => response.end());
    };
    const call = openCall(t.call());
    const heard: string[] = [];
    call.write('one');
    const answer = await answerTo(call);
    answer.on('data', (piece: Buffer) => heard.push(piece.toString()));
    await until(() => heard.join('') === 'one');
    call.write('two');
    await until(() => heard.join('') === 'onetwo');
    call.end();
    await new Promise((resolve) => answer.once('end', resolve));
  });

  it('that its caller gives up ends at the model too', async () => {
    let closed = false;
    pod.model.respond = (_request, response) => {
      response.once('close', () => {
        closed = true;
      });
    };
    const call = openCall(t.call());
    call.on('error', () => undefined);
    call.end('{}');
    await new Promise((resolve) => setTimeout(resolve, 100));
    call.destroy();
    await until(() => closed);
    expect(await t.registry.metrics()).toContain('code="499"} 1');
  });

  it('whose answer is cut does not look whole', async () => {
    pod.model.respond = (_request, response) => {
      response.writeHead(200);
      response.write('some', () => response.destroy());
    };
    const call = openCall(t.call());
    call.end('{}');
    await expect(readBody(await answerTo(call))).rejects.toThrow(/aborted/);
  });
});

describe('an endpoint', () => {
  it('that is stopped answers 400', async () => {
    await setEndpoint(withSpec({ suspended: true }));
    const answer = await t.send();
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('stopped');
  });

  it('without an active configuration answers 503', async () => {
    await setEndpoint((endpoint) => ({ ...endpoint, status: {} }));
    const answer = await t.send();
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
  });

  it('of an external model answers that this comes later', async () => {
    await setEndpoint((endpoint) => ({
      ...endpoint,
      status: { traffic: [{ servedEntity: 'gpt', percent: 100, configVersion: 1 }] },
    }));
    expect((await t.send()).status).toBe(501);
  });

  it('that is deleted is not found any more', async () => {
    t.cluster.deleteEndpoint('team-a', 'wine');
    await until(() => t.cluster.versionOf('endpoint', 'team-a/wine') === undefined);
    let status = 200;
    while (status !== 404) ({ status } = await t.send());
  });

  it('with two entities splits the traffic exactly', async () => {
    const other = await startSidecarUnderTest(pki, (config) => ({ ...config, servedEntity: 'wine-2' }));
    t.cluster.setPods('team-a', 'wine-2222222222', [{ ...other.sidecar.data, ready: true }]);
    await setEndpoint((endpoint) => ({
      ...endpoint,
      status: {
        traffic: [
          { servedEntity: 'wine-1', percent: 75, deployment, configVersion: 2 },
          { servedEntity: 'wine-2', percent: 25, deployment: 'wine-2222222222', configVersion: 2 },
        ],
      },
    }));
    const names: unknown[] = [];
    for (let count = 0; count < 20; count += 1) names.push((await t.send()).headers['served-model-name']);
    expect(names.filter((name) => name === 'wine-2')).toHaveLength(5);
    await other.stop();
  });
});

describe('the API server', () => {
  const reviews = (): number => t.cluster.api.requests.filter(({ path }) => path.endsWith('reviews')).length;

  it('is asked once for what many requests want to know', async () => {
    await Promise.all(Array.from({ length: 20 }, () => t.send()));
    await t.send();
    expect(reviews()).toBe(2);
  });

  it('while it is away: known callers are served, others get 503, nobody gets in unchecked', async () => {
    await t.send();
    t.cluster.broken = true;
    t.cluster.tokens.set('bob-token', { username: 'bob', groups: [] });
    t.cluster.permitted.add('bob');
    expect((await t.send()).status).toBe(200);
    const answer = await t.send({ headers: bearer('bob-token') });
    expect(answer.status).toBe(503);
    expect(errorCode(answer.json)).toBe('TEMPORARILY_UNAVAILABLE');
    t.cluster.broken = false;
    expect((await t.send({ headers: bearer('bob-token') })).status).toBe(200);
  });

  it('that goes away between authentication and authorisation lets nobody through', async () => {
    t.cluster.api.always(
      ({ path }) => path.endsWith('subjectaccessreviews'),
      (response) => response.destroy(),
    );
    expect((await t.send()).status).toBe(503);
  });

  it('whose connections break under a review is asked again', async () => {
    for (const review of ['tokenreviews', 'subjectaccessreviews']) {
      t.cluster.api.once(
        ({ path }) => path.endsWith(review),
        (response) => response.destroy(),
      );
    }
    expect((await t.send()).status).toBe(200);
  });
});

describe('the process', () => {
  it('is ready once it knows the endpoints, and not when it drains', async () => {
    const readyz = { to: t.gateway.admin, path: '/readyz', method: 'GET' };
    expect((await send(readyz)).status).toBe(200);
    const draining = t.gateway.drain();
    expect((await send(readyz)).status).toBe(503);
    expect((await t.send()).status).toBe(200);
    await draining;
    expect((await t.send()).headers.connection).toBe('close');
  });

  it('shows a renewed certificate to pods', async () => {
    await t.send();
    t.tls.set(await pki.material(gatewayIdentity));
    expect((await t.send()).status).toBe(200);
  });

  it('has no label that callers can make up', async () => {
    await t.send({ path: winePath.replace('wine', 'made-up') });
    expect(await t.registry.metrics()).not.toContain('made-up');
  });
});
