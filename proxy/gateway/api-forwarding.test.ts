/** Owns the proof of what the gateway passes on to the api, and that nobody else can take its place. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { identitiesOf, serviceAccountIdentity } from '../../platform/tls/identity.ts';
import { readBody } from '../testing/model-server-fixture.ts';
import { gatewayIdentity, makePki, operatorIdentity } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startGatewayUnderTest } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';

const apiIdentity = serviceAccountIdentity('cluster.local', 'fairlead-system', 'fairlead-api');

interface Seen {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly from: readonly string[];
}

let pki: Pki;
let api: Server;
let seen: Seen[];
let t: GatewayUnderTest;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());

async function start(identity = apiIdentity): Promise<void> {
  seen = [];
  const { cert, key, ca } = await pki.material(identity);
  api = createServer(
    { cert, key, ca, requestCert: true },
    (request, response) => void answer(request, response),
  );
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const { port } = api.address() as AddressInfo;
  t = await startGatewayUnderTest(pki, {
    config: { apiUrl: `https://127.0.0.1:${port}`, maxBodyBytes: 1_000 },
  });
}
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { socket } = request;
  const from = socket instanceof TLSSocket ? identitiesOf(socket.getPeerCertificate()) : [];
  const line = `${request.method ?? ''} ${request.url ?? ''}`;
  seen.push({ line, headers: request.headers, body: await readBody(request), from });
  response.writeHead(201, { 'content-type': 'application/json', 'x-from': 'api' }).end('{"ok":true}');
}
beforeEach(() => start());
afterEach(async () => {
  await t.stop();
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
});

describe('a request for the api', () => {
  it.each([
    ['POST', '/oidc/v1/token', 'grant_type=x'],
    ['GET', '/oidc/.well-known/jwks.json?fresh=1', ''],
    ['GET', '/.well-known/databricks-config', ''],
    ['GET', '/.well-known/databricks-config?a=b', ''],
    ['DELETE', '/oidc/x', ''],
  ])('%s %s is passed on as it is, without a token of the gateway', async (method, path, body) => {
    const reply = await t.send({ method, path, body, headers: { authorization: 'Basic eDp5' } });
    expect(reply).toMatchObject({ status: 201, json: { ok: true } });
    expect(reply.headers['x-from']).toBe('api');
    expect(seen).toMatchObject([{ line: `${method} ${path}`, body, from: [gatewayIdentity] }]);
    expect(seen[0]?.headers.authorization).toBe('Basic eDp5');
    expect(seen[0]?.headers['x-request-id']).toBe(reply.headers['x-request-id']);
  });

  it('cannot speak for a proxy', async () => {
    await t.send({ path: '/oidc/v1/token', headers: { 'x-fairlead-principal': 'root' } });
    expect(seen[0]?.headers['x-fairlead-principal']).toBeUndefined();
  });

  it.each([
    ['another path', '/oidcx', 404],
    ['a path behind a file', '/.well-known/databricks-configuration', 404],
  ])('is not %s', async (_name, path, status) => {
    expect((await t.send({ path, method: 'GET', body: '' })).status).toBe(status);
    expect(seen).toEqual([]);
  });

  it.each([
    ['with a method that nobody knows', { method: 'PURGE' }, 405],
    ['that is too large', { body: 'x'.repeat(2_000) }, 413],
  ])('%s is refused', async (_name, call, status) => {
    expect((await t.send({ path: '/oidc/v1/token', ...call })).status).toBe(status);
    expect(seen).toEqual([]);
  });
});

describe('an api', () => {
  it('that cannot be reached is told in words of its own', async () => {
    api.closeAllConnections();
    await new Promise((resolve) => api.close(resolve));
    const reply = await t.send({ path: '/oidc/v1/token' });
    expect(reply.status).toBe(503);
    expect(reply.headers).toMatchObject({
      'retry-after': '2',
      'x-fairlead-request-dropped-reason': 'api_unreachable',
    });
    expect(reply.body).toContain('This part of the API');
  });

  it('that is somebody else is shown nothing', async () => {
    await t.stop();
    api.closeAllConnections();
    await new Promise((resolve) => api.close(resolve));
    await start(operatorIdentity);
    expect((await t.send({ path: '/oidc/v1/token', body: 'assertion=secret' })).status).toBe(503);
    expect(seen).toEqual([]);
  });
});
