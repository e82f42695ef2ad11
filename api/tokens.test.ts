/** Owns the proof of who gets which token of the api. */
import { verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../platform/clock.ts';
import { parseToken } from '../platform/identity/jwt.ts';
import { aKey, aWine, published, publicUrl, startApiUnderTest, wineId } from './api-fixture.ts';
import type { ApiUnderTest } from './api-fixture.ts';
import { parseDataPlaneKeys } from './oidc/data-plane-keys.ts';

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const tokenPath = '/oidc/v1/token';

const one = aKey('one');
const two = aKey('two');
let laterMs: number;
const clock: Clock = { now: () => Date.now() + laterMs, monotonic: () => performance.now() + laterMs };
let t: ApiUnderTest;
beforeEach(async () => {
  laterMs = 0;
  const other = aWine({ routeOptimized: false });
  other.metadata = { ...other.metadata, name: 'beer', uid: 'ffffffff-89ab-cdef-0123-456789abcdef' };
  t = await startApiUnderTest({
    endpoints: [aWine(), other],
    keys: { signing: one.signing, published: published(one) },
    clock,
  });
  t.tokens.set('alice-token', 'alice').set('bob-token', 'bob');
  for (const allowed of ['alice query wine', 'alice query beer']) t.permitted.add(allowed);
});
afterEach(() => t.stop());

const details = (change: object = {}): string =>
  JSON.stringify([
    {
      type: 'workspace_permission',
      object_type: 'serving-endpoints',
      object_path: `/serving-endpoints/${wineId}`,
      actions: ['query_inference_endpoint'],
      ...change,
    },
  ]);
const assertion = (change: Record<string, string> = {}): Record<string, string> => ({
  grant_type: jwtBearer,
  assertion: 'alice-token',
  authorization_details: details(),
  ...change,
});
const ask = (form: Record<string, string> | string, headers: Record<string, string> = {}) =>
  t.ask('POST', tokenPath, { form, headers });
const basic = (secret: string, id = 'me') => ({ authorization: `Basic ${btoa(`${id}:${secret}`)}` });
const tokenIn = (json: unknown): string => (json as { access_token: string }).access_token;

describe('a data-plane token', () => {
  it.each<[string, () => ReturnType<typeof ask>]>([
    ['is given for a token of the caller', () => ask(assertion())],
    [
      'is given to a client whose secret is such a token',
      () =>
        ask(
          { grant_type: 'client_credentials', scope: 'all-apis', authorization_details: details() },
          basic('alice-token'),
        ),
    ],
    [
      'is given to a client that sends its secret in the form',
      () =>
        ask({
          grant_type: 'client_credentials',
          client_id: 'me',
          client_secret: 'alice-token',
          authorization_details: details(),
        }),
    ],
  ])('%s', async (_name, send) => {
    const { status, headers, json } = await send();
    expect(status).toBe(200);
    expect(json).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
    expect(headers['cache-control']).toBe('no-store');
    const token = parseToken(tokenIn(json))!;
    expect(token.header).toEqual({ alg: 'ES256', typ: 'fairlead-data-plane+jwt', kid: 'one' });
    expect(token.claims).toMatchObject({
      iss: `${publicUrl}/oidc`,
      sub: 'alice',
      groups: ['tasters'],
      aud: 'serving-endpoint/01234567-89ab-cdef-0123-456789abcdef',
      endpoint: { namespace: 'team-a', name: 'wine', uid: '01234567-89ab-cdef-0123-456789abcdef' },
      actions: ['query_inference_endpoint'],
    });
    const { iat, exp } = token.claims as { iat: number; exp: number };
    expect(exp - iat).toBe(3600);
    const key = { key: one.publicKey, dsaEncoding: 'ieee-p1363' } as const;
    expect(verify('sha256', Buffer.from(token.signed), key, token.signature)).toBe(true);
  });

  it('is signed by the key that signs now', async () => {
    t.keys.set(parseDataPlaneKeys(two.signing, published(two, one)));
    expect(parseToken(tokenIn((await ask(assertion())).json))!.header['kid']).toBe('two');
  });

  it('carries each action that the caller may do, and none that it may not', async () => {
    const both = details({ actions: ['query_inference_endpoint', 'manage_inference_endpoint'] });
    expect(await ask(assertion({ authorization_details: both }))).toMatchObject({
      status: 403,
      json: { error: 'access_denied' },
    });
    t.permitted.add('alice update wine');
    laterMs = 60_000;
    expect((await ask(assertion({ authorization_details: both }))).status).toBe(200);
  });

  const refusals: readonly (readonly [
    string,
    Record<string, string>,
    Record<string, string>,
    number,
    string,
  ])[] = [
    ['without a grant type', { assertion: 'alice-token' }, {}, 400, 'invalid_request'],
    ['with another grant type', { grant_type: 'password' }, {}, 400, 'unsupported_grant_type'],
    [
      'without an assertion',
      { grant_type: jwtBearer, authorization_details: details() },
      {},
      400,
      'invalid_request',
    ],
    ['without details', { grant_type: jwtBearer, assertion: 'alice-token' }, {}, 400, 'invalid_request'],
    [
      'with details that are no JSON',
      assertion({ authorization_details: 'x' }),
      {},
      400,
      'invalid_authorization_details',
    ],
    ['with no details', assertion({ authorization_details: '[]' }), {}, 400, 'invalid_authorization_details'],
    [
      'for something else',
      assertion({ authorization_details: details({ object_type: 'clusters' }) }),
      {},
      400,
      'invalid_authorization_details',
    ],
    [
      'for an endpoint by name',
      assertion({ authorization_details: details({ object_path: '/serving-endpoints/wine' }) }),
      {},
      400,
      'invalid_authorization_details',
    ],
    [
      'for an action that there is not',
      assertion({ authorization_details: details({ actions: ['delete'] }) }),
      {},
      400,
      'invalid_authorization_details',
    ],
    [
      'for an endpoint that is not route-optimised',
      assertion({
        authorization_details: details({ object_path: `/serving-endpoints/ffffffff${wineId.slice(8)}` }),
      }),
      {},
      400,
      'invalid_authorization_details',
    ],
    [
      'for an endpoint that there is not',
      assertion({ authorization_details: details({ object_path: `/serving-endpoints/${'e'.repeat(32)}` }) }),
      {},
      403,
      'access_denied',
    ],
    ['by somebody without the permission', assertion({ assertion: 'bob-token' }), {}, 403, 'access_denied'],
    ['by somebody unknown', assertion({ assertion: 'mallory-token' }), {}, 400, 'invalid_grant'],
    ['by a client without a secret', { grant_type: 'client_credentials' }, {}, 401, 'invalid_client'],
    [
      'by a client with a wrong secret',
      { grant_type: 'client_credentials' },
      basic('x'),
      401,
      'invalid_client',
    ],
    [
      'by a client that shows a token in place of a secret',
      { grant_type: 'client_credentials' },
      { authorization: 'Bearer alice-token' },
      401,
      'invalid_client',
    ],
  ];
  it.each(refusals)('that is asked for %s is refused', async (_name, form, headers, status, error) => {
    const answer = await ask(form, headers);
    expect(answer).toMatchObject({ status, json: { error } });
    expect(typeof (answer.json as { error_description: unknown }).error_description).toBe('string');
    if (error === 'invalid_client') expect(answer.headers['www-authenticate']).toContain('Basic');
  });

  it.each([
    ['twice', `grant_type=${jwtBearer}&assertion=alice-token&assertion=bob-token`],
    ['at a length that nobody reads', `grant_type=${jwtBearer}&assertion=${'x'.repeat(70_000)}`],
  ])('that is asked for with a parameter %s is refused', async (_name, form) => {
    expect(await ask(form)).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
  });

  it('is not given in another form', async () => {
    const headers = { 'content-type': 'application/json' };
    const answer = await t.ask('POST', tokenPath, { form: JSON.stringify(assertion()), headers });
    expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
  });

  it('for somebody in too many groups is not given', async () => {
    t.kubernetes.always(
      ({ path }) => path.endsWith('/tokenreviews'),
      (response) => {
        const groups = Array.from({ length: 600 }, (_, index) => `a group with a long name, number ${index}`);
        response
          .writeHead(201, { 'content-type': 'application/json' })
          .end(JSON.stringify({ status: { authenticated: true, user: { username: 'alice', groups } } }));
      },
    );
    expect(await ask(assertion())).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
  });

  it('says nothing of an endpoint to somebody who may not', async () => {
    const known = await ask(assertion({ assertion: 'bob-token' }));
    const unknown = details({ object_path: `/serving-endpoints/${'e'.repeat(32)}` });
    expect((await ask(assertion({ authorization_details: unknown }))).json).toEqual(known.json);
  });

  it.each([['tokenreviews'], ['subjectaccessreviews']])(
    'is not given while the API server answers no %s',
    async (review) => {
      t.kubernetes.always(
        ({ path }) => path.endsWith(`/${review}`),
        (response) => response.writeHead(500).end(),
      );
      const answer = await ask(assertion());
      expect(answer).toMatchObject({ status: 503, json: { error: 'temporarily_unavailable' } });
      expect(answer.headers['retry-after']).toBe('2');
    },
  );
});

describe('a token for everything', () => {
  const grant = { grant_type: 'client_credentials', scope: 'all-apis' };

  it('is the secret of the client itself', async () => {
    expect(await ask(grant, basic('alice-token'))).toMatchObject({
      status: 200,
      json: { access_token: 'alice-token', token_type: 'Bearer', expires_in: 3600 },
    });
  });

  it('lives no longer than the secret', async () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const exp = Math.floor(Date.now() / 1000) + 100;
    const secret = `${part({ alg: 'RS256' })}.${part({ exp })}.c2ln`;
    t.tokens.set(secret, 'alice');
    const { json } = await ask(grant, basic(secret));
    expect((json as { expires_in: number }).expires_in).toBeLessThanOrEqual(100);
  });

  it('with a secret that was encoded as a form asks for is understood', async () => {
    t.tokens.set('a+b/c%', 'alice');
    expect((await ask(grant, basic(encodeURIComponent('a+b/c%')))).status).toBe(200);
    t.tokens.set('100%', 'alice');
    expect((await ask(grant, basic('100%'))).status).toBe(200);
  });
});
