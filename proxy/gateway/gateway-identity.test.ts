/** Owns the proof of whom the gateway knows, for how long, and who they may be taken for: nobody else. */
import { Agent } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../platform/clock.ts';
import { startTestIssuer } from '../../platform/identity/oidc/issuer-fixture.ts';
import type { TestIssuer } from '../../platform/identity/oidc/issuer-fixture.ts';
import { issuerSchema } from '../../platform/identity/oidc/issuer-config.ts';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import type { TestAnswer } from '../testing/http-client-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startGatewayUnderTest, winePath } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';

const deployment = 'wine-0123456789';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

let laterMs: number;
const clock: Clock = {
  now: () => Date.now() + laterMs,
  monotonic: () => performance.now() + laterMs,
};

let pki: Pki;
let issuer: TestIssuer;
let pod: SidecarUnderTest;
let t: GatewayUnderTest;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
beforeEach(async () => {
  laterMs = 0;
  issuer = await startTestIssuer();
  await issuer.addKey('one');
  const { url, caFile } = issuer;
  pod = await startSidecarUnderTest(pki);
  t = await startGatewayUnderTest(pki, {
    clock,
    config: {
      authenticationTtlMs: 60_000,
      authorisationTtlMs: 60_000,
      refusalTtlMs: 5_000,
      issuers: [issuerSchema.parse({ url, caFile, audiences: ['fairlead'], usernamePrefix: 'oidc:' })],
    },
  });
  t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  t.cluster.setEndpoint(aWineEndpoint());
  await t.caughtUp();
  t.cluster.tokens.set('bob-token', { username: 'bob', groups: [] });
  t.cluster.permitted.add('oidc:carol');
});
afterEach(async () => {
  await t.stop();
  await pod.stop();
  await issuer.stop();
});

const reviews = (): number => t.cluster.api.requests.filter(({ path }) => path.endsWith('reviews')).length;
const tokenReviews = (): number =>
  t.cluster.api.requests.filter(({ path }) => path.endsWith('tokenreviews')).length;
const ask = (token: string): Promise<TestAnswer> => t.send({ headers: bearer(token) });
const statusOf = async (token: string): Promise<number> => (await ask(token)).status;

describe('a caller', () => {
  it.each<[string, () => Record<string, string> | Promise<Record<string, string>>]>([
    ['with a bearer token', () => bearer('alice-token')],
    ['with the scheme in other letters', () => ({ authorization: 'bEARER alice-token' })],
    [
      'with the token as the password of "token", as curl -u sends it',
      () => ({ authorization: `Basic ${btoa('token:alice-token')}` }),
    ],
    ['with a token of an issuer', async () => bearer(await issuer.sign({ sub: 'carol' }))],
  ])('%s is served', async (_name, headers) => {
    expect((await t.send({ headers: await headers() })).status).toBe(200);
  });

  it.each<[string, Record<string, string>, number]>([
    ['without credentials', {}, 401],
    ['with an empty token', { authorization: 'Bearer ' }, 401],
    ['with another scheme', { authorization: 'Digest alice-token' }, 401],
    [
      'with the token as the password of somebody',
      { authorization: `Basic ${btoa('alice:alice-token')}` },
      401,
    ],
    ['with the token as a user name', { authorization: `Basic ${btoa('alice-token:')}` }, 401],
    ['with the token in a cookie', { cookie: 'token=alice-token' }, 401],
    ['with a token that nobody knows', bearer('mallory-token'), 403],
    ['without the permission', bearer('bob-token'), 403],
  ])('%s is not', async (_name, headers, status) => {
    expect((await t.send({ headers })).status).toBe(status);
    expect(pod.model.seen).toEqual([]);
  });

  it('with the token in the query is not', async () => {
    const path = `${winePath}?access_token=alice-token`;
    expect((await t.send({ path, headers: {} })).status).toBe(401);
  });

  it.each([
    ['a token that the issuer did not sign', async () => `${await issuer.sign({ sub: 'carol' })}x`, 403],
    ['a token for somebody else', () => issuer.sign({ sub: 'carol' }, { audience: 'elsewhere' }), 403],
    ['a token without the permission', () => issuer.sign({ sub: 'dave' }), 403],
    ['a name that the prefix keeps apart', () => issuer.sign({ sub: 'alice' }), 403],
  ])('of an issuer with %s is not, and the API server is shown no token', async (_name, sign, status) => {
    expect(await statusOf(await sign())).toBe(status);
    expect(tokenReviews()).toBe(0);
  });
});

describe('words of the caller about itself', () => {
  it.each([
    ['x-fairlead-principal', 'alice'],
    ['x-fairlead-groups', 'tasters'],
    ['x-fairlead-accounted', '1'],
    ['x-remote-user', 'alice'],
    ['impersonate-user', 'alice'],
    ['x-forwarded-user', 'alice'],
    ['x-databricks-on-behalf-of', 'alice'],
  ])('in %s give nobody a permission', async (name, value) => {
    const answer = await t.send({ headers: { ...bearer('bob-token'), [name]: value } });
    expect(answer.status).toBe(403);
  });

  it('reach no model, which hears who really asked', async () => {
    const headers = { 'x-fairlead-principal': 'root', 'x-fairlead-groups': 'admins' };
    await t.send({ headers: { ...bearer('alice-token'), ...headers } });
    const seen = pod.model.seen[0]?.rawHeaders.join('\n') ?? '';
    expect(seen).not.toMatch(/root|admins|alice-token/);
  });
});

describe('what is known', () => {
  it('of a token and a permission is asked once, on one connection and on many', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 0; count < 3; count += 1) await t.send({ headers: bearer('alice-token'), agent });
    await Promise.all([ask('alice-token'), ask('alice-token')]);
    agent.destroy();
    expect(reviews()).toBe(2);
  });

  it.each([
    ['on one connection', true],
    ['on new ones', false],
  ])('ends in time after a token was revoked, %s', async (_name, keepAlive) => {
    const agent = new Agent({ keepAlive });
    const status = async (): Promise<number> =>
      (await t.send({ headers: bearer('alice-token'), agent })).status;
    expect(await status()).toBe(200);
    t.cluster.tokens.delete('alice-token');
    laterMs = 44_000;
    expect(await status()).toBe(200);
    laterMs = 60_001;
    expect(await status()).toBe(403);
    agent.destroy();
  });

  it.each([
    ['on one connection', true],
    ['on new ones', false],
  ])('ends in time after a permission was withdrawn, %s', async (_name, keepAlive) => {
    const agent = new Agent({ keepAlive });
    const status = async (): Promise<number> =>
      (await t.send({ headers: bearer('alice-token'), agent })).status;
    expect(await status()).toBe(200);
    t.cluster.permitted.delete('alice');
    laterMs = 44_000;
    expect(await status()).toBe(200);
    laterMs = 60_001;
    expect(await status()).toBe(403);
    agent.destroy();
  });

  it('of a token ends with the token', async () => {
    const token = await issuer.sign({ sub: 'carol' }, { expiresIn: '10s' });
    expect(await statusOf(token)).toBe(200);
    laterMs = 45_000;
    expect(await statusOf(token)).toBe(403);
  });

  it('of a refusal ends soon: who gets the permission waits no minute', async () => {
    expect(await statusOf('bob-token')).toBe(403);
    t.cluster.permitted.add('bob');
    expect(await statusOf('bob-token')).toBe(403);
    laterMs = 5_001;
    expect(await statusOf('bob-token')).toBe(200);
  });

  it('of one caller does not serve another who follows on the same connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const as = async (token: string): Promise<number> =>
      (await t.send({ headers: bearer(token), agent })).status;
    expect([await as('alice-token'), await as('bob-token'), await as('alice-token')]).toEqual([
      200, 403, 200,
    ]);
    expect((await t.send({ headers: {}, agent })).status).toBe(401);
    agent.destroy();
  });
});

describe('while the API server is away', () => {
  const goAway = (): void => {
    t.cluster.broken = true;
  };

  it.each<[string, () => Promise<string>, number]>([
    ['a known caller is served', () => Promise.resolve('alice-token'), 200],
    ['a known caller of an issuer as well', () => issuer.sign({ sub: 'carol', jti: '1' }), 200],
    [
      'a token of an issuer that is new, of a caller whose permission is known',
      () => issuer.sign({ sub: 'carol', jti: '2' }),
      200,
    ],
    ['a caller who is not known waits', () => Promise.resolve('bob-token'), 503],
    ['a caller of an issuer whose permission is not known', () => issuer.sign({ sub: 'dave' }), 503],
    ['a token that was refused stays refused', () => Promise.resolve('mallory-token'), 403],
    [
      'a token that its issuer refuses is refused',
      async () => `${await issuer.sign({ sub: 'carol' })}x`,
      403,
    ],
  ])('%s', async (_name, token, status) => {
    for (const known of ['alice-token', 'mallory-token', await issuer.sign({ sub: 'carol', jti: '1' })]) {
      await ask(known);
    }
    goAway();
    expect(await statusOf(await token())).toBe(status);
  });

  it.each([
    ['on one connection', true],
    ['on new ones', false],
  ])('what is known lives out its time and not a moment more, %s', async (_name, keepAlive) => {
    const agent = new Agent({ keepAlive });
    const status = async (): Promise<number> =>
      (await t.send({ headers: bearer('alice-token'), agent })).status;
    expect(await status()).toBe(200);
    goAway();
    laterMs = 59_000;
    expect(await status()).toBe(200);
    laterMs = 60_001;
    const answer = await t.send({ headers: bearer('alice-token'), agent });
    expect(answer.status).toBe(503);
    expect(answer.headers).toMatchObject({
      'retry-after': '2',
      'x-fairlead-request-dropped-reason': 'identity_unavailable',
    });
    t.cluster.broken = false;
    expect(await status()).toBe(200);
    agent.destroy();
  });

  it('an issuer that is away too lets nobody in whom it has not vouched for', async () => {
    const token = await issuer.sign({ sub: 'carol' });
    expect(await statusOf(token)).toBe(200);
    issuer.documents = undefined;
    goAway();
    laterMs = 30_000;
    expect(await statusOf(token)).toBe(200);
    laterMs = 25 * 3_600_000;
    expect(await statusOf(await issuer.sign({ sub: 'carol' }, { expiresIn: '48h' }))).toBe(503);
  });
});
