/** Owns the proof that the gateway refuses what it must, with the right words, and lets no model see it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import { answerTo, openCall } from '../testing/http-client-fixture.ts';
import type { TestCall } from '../testing/http-client-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startGatewayUnderTest, winePath } from './gateway-fixture.ts';
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

describe('a bad request', () => {
  const rows: readonly (readonly [string, Partial<TestCall>, number, string])[] = [
    ['without a token', { headers: {} }, 401, 'UNAUTHENTICATED'],
    ['with a wrong token', { headers: bearer('wrong') }, 403, 'PERMISSION_DENIED'],
    ['with a token of absurd length', { headers: bearer('x'.repeat(20_000)) }, 403, 'PERMISSION_DENIED'],
    ['of somebody without permission', { headers: bearer('bob-token') }, 403, 'PERMISSION_DENIED'],
    ['to an unknown endpoint', { path: winePath.replace('wine', 'beer') }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    [
      'to an unknown entity',
      { path: winePath.replace('/inv', '/served-models/x/inv') },
      404,
      'RESOURCE_DOES_NOT_EXIST',
    ],
    ['to an unknown path', { path: '/nothing/here' }, 404, 'ENDPOINT_NOT_FOUND'],
    ['with another method', { method: 'GET', body: '' }, 405, 'METHOD_NOT_ALLOWED'],
    ['with an oversized body', { body: 'x'.repeat(10_001) }, 413, 'MAX_REQUEST_SIZE_EXCEEDED'],
    ['with an ambiguous Connection', { headers: { connection: 'authorization' } }, 400, 'BAD_REQUEST'],
  ];

  it.each(rows)('%s is told so as JSON, and no model sees it', async (_name, call, status, code) => {
    t.cluster.tokens.set('bob-token', { username: 'bob', groups: [] });
    const answer = await t.send(call);
    expect(answer.status).toBe(status);
    expect(errorCode(answer.json)).toBe(code);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(pod.model.seen).toEqual([]);
  });

  it('of somebody without permission tells nothing about what exists', async () => {
    t.cluster.tokens.set('bob-token', { username: 'bob', groups: [] });
    const known = await t.send({ headers: bearer('bob-token') });
    const unknown = await t.send({ headers: bearer('bob-token'), path: winePath.replace('wine', 'beer') });
    expect(unknown.status).toBe(known.status);
    expect(unknown.body.replace('beer', 'wine')).toBe(known.body);
  });

  it('without a token says which scheme is expected', async () => {
    expect((await t.send({ headers: {} })).headers['www-authenticate']).toContain('Bearer');
  });

  it('with another method says which one is right', async () => {
    expect((await t.send({ method: 'PUT' })).headers.allow).toBe('POST');
  });

  it('whose chunks become too many is cut off with 413', async () => {
    pod.model.respond = (request) => request.resume();
    const call = openCall(t.call());
    call.on('error', () => undefined);
    const answer = answerTo(call);
    for (let count = 0; count < 20; count += 1) call.write('x'.repeat(1_000));
    expect((await answer).statusCode).toBe(413);
    (await answer).resume();
    call.end();
  });

  it('that the model refuses comes back as the model says it', async () => {
    pod.model.respond = (_request, response) => {
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error_code":"BAD_REQUEST"}');
    };
    expect(await t.send({ body: '{' })).toMatchObject({ status: 400, body: '{"error_code":"BAD_REQUEST"}' });
  });
});

describe('limits', () => {
  it('stop the call that is too many, with the time to wait, and are not applied a second time', async () => {
    pod.config.set({
      ...pod.config.current,
      rateLimits: [{ key: 'user', calls: 1, renewalPeriod: 'minute' }],
    });
    await setEndpoint(withSpec({ rateLimits: [{ key: 'user', calls: 3, renewalPeriod: 'minute' }] }));
    const answers = [await t.send(), await t.send(), await t.send(), await t.send()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(errorCode(answers[3]?.json)).toBe('REQUEST_LIMIT_EXCEEDED');
    expect(Number(answers[3]?.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('of 0 shut the endpoint', async () => {
    await setEndpoint(withSpec({ rateLimits: [{ key: 'endpoint', calls: 0, renewalPeriod: 'minute' }] }));
    const answer = await t.send();
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('The endpoint is disabled due to a rate limit set to 0.');
  });

  it('keep their counts when something else of the endpoint changes', async () => {
    const rateLimits = [{ key: 'user', calls: 1, renewalPeriod: 'minute' }] as const;
    await setEndpoint(withSpec({ rateLimits: [...rateLimits] }));
    await t.send();
    await setEndpoint(withSpec({ rateLimits: [...rateLimits], description: 'changed' }));
    expect((await t.send()).status).toBe(429);
  });
});
