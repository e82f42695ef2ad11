/** Owns the proof that who asks, and what they may, is decided as Kubernetes does: tokens, reviews, impersonation. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../platform/clock.ts';
import { startApiFixture } from '../testing/api-fixture.ts';
import type { ApiFixture } from '../testing/api-fixture.ts';
import { aPod } from '../testing/objects.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

describe('access', () => {
  let server: ApiFixture;
  let token: string;
  let offsetMs = 0;
  beforeAll(async () => {
    server = await startApiFixture({ clock: { ...systemClock, now: () => Date.now() + offsetMs } });
    const client = server.api.localClient('test');
    client
      .resource('v1', 'ServiceAccount')
      .create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot', namespace: 'default' } });
    const rbac = 'rbac.authorization.k8s.io/v1';
    const role = {
      apiVersion: rbac,
      kind: 'Role',
      metadata: { name: 'reader', namespace: 'default' },
      rules: [
        { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] },
        { apiGroups: [''], resources: ['pods'], resourceNames: ['mine'], verbs: ['list'] },
      ],
    };
    client.resource(rbac, 'Role').create(role);
    const binding = {
      apiVersion: rbac,
      kind: 'RoleBinding',
      metadata: { name: 'reader', namespace: 'default' },
      roleRef: { kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'bot' }],
    };
    client.resource(rbac, 'RoleBinding').create(binding);
    ({ token } = await server.api.issueServiceAccountToken({ namespace: 'default', name: 'bot' }));
  });
  afterAll(() => server.stop());

  it.each([
    ['nobody', null],
    ['a wrong token', 'wrong'],
    ['a token of somebody else’s making', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.x'],
  ])('is refused to %s with 401', async (_name, bearer) => {
    const { status, body, headers } = await server.call('GET', configMaps, { token: bearer });
    expect(status).toBe(401);
    expect(body).toMatchObject({ kind: 'Status', reason: 'Unauthorized' });
    expect(headers['www-authenticate']).toContain('Bearer');
  });

  it('to health and version is open', async () => {
    for (const path of ['/healthz', '/readyz', '/version']) {
      expect((await server.call('GET', path, { token: null })).status).toBe(200);
    }
  });

  it('to objects of one name is access to a list of that name alone', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    const list = (fieldSelector: string) =>
      server.call('GET', `${pods}?fieldSelector=${encodeURIComponent(fieldSelector)}`, { token });
    expect((await list('metadata.name=mine')).status).toBe(200);
    for (const selector of ['metadata.name=other', 'metadata.name!=mine', '']) {
      expect((await list(selector)).status).toBe(403);
    }
  });

  it('follows the roles of a service account', async () => {
    expect((await server.call('GET', configMaps, { token })).status).toBe(200);
    const refused = await server.call('DELETE', `${configMaps}/x`, { token });
    expect(refused.status).toBe(403);
    expect(refused.body.message).toBe(
      'configmaps "x" is forbidden: User "system:serviceaccount:default:bot" cannot delete resource "configmaps" in API group "" in the namespace "default"',
    );
    expect((await server.call('GET', '/api/v1/secrets', { token })).body.message).toContain(
      'at the cluster scope',
    );
    expect((await server.call('GET', '/apis', { token })).status).toBe(200);
    expect((await server.call('GET', '/metrics', { token })).status).toBe(403);
  });

  it('ends with the token’s time, its pod and its account', async () => {
    const client = server.api.localClient('test');
    const pod = client.resource('v1', 'Pod').create(aPod('p'));
    const bound = await server.api.issueServiceAccountToken({
      namespace: 'default',
      name: 'bot',
      pod: { name: 'p', uid: pod.metadata.uid },
    });
    expect((await server.call('GET', configMaps, { token: bound.token })).status).toBe(200);
    client.resource('v1', 'Pod').delete('p', 'default');
    expect((await server.call('GET', configMaps, { token: bound.token })).status).toBe(401);
    offsetMs = 2 * 3_600_000;
    expect((await server.call('GET', configMaps, { token })).status).toBe(401);
    offsetMs = 0;
    const account = client
      .resource('v1', 'ServiceAccount')
      .create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'gone', namespace: 'default' } });
    const { token: orphan } = await server.api.issueServiceAccountToken({
      namespace: 'default',
      name: 'gone',
    });
    client.resource('v1', 'ServiceAccount').delete(account.metadata.name, 'default');
    expect((await server.call('GET', configMaps, { token: orphan })).status).toBe(401);
  });

  it('tokens are requested from their account', async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/bot/token';
    const { status, body } = await server.call('POST', path, {
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { audiences: ['other'], expirationSeconds: 700 },
      },
    });
    expect(status).toBe(201);
    const issued = body['status'] as { token: string; expirationTimestamp: string };
    expect(Date.parse(issued.expirationTimestamp) - Date.now()).toBeGreaterThan(600_000);
    // Meant for somebody else.
    expect((await server.call('GET', configMaps, { token: issued.token })).status).toBe(401);
    expect(
      (await server.call('POST', '/api/v1/namespaces/default/serviceaccounts/nope/token', { body: {} }))
        .status,
    ).toBe(404);
  });

  const review = (
    kind: string,
    group: string,
    spec: object,
    bearer = server.api.adminToken,
    namespace = '',
  ) => {
    const plural = `${kind.toLowerCase()}s`;
    const path = `/apis/${group}/v1/${namespace === '' ? '' : `namespaces/${namespace}/`}${plural}`;
    return server.call('POST', path, { token: bearer, body: { apiVersion: `${group}/v1`, kind, spec } });
  };

  it('tokens are reviewed', async () => {
    const good = await review('TokenReview', 'authentication.k8s.io', { token });
    expect(good.body['status']).toMatchObject({
      authenticated: true,
      user: {
        username: 'system:serviceaccount:default:bot',
        groups: expect.arrayContaining(['system:serviceaccounts:default']) as unknown,
      },
    });
    const bad = await review('TokenReview', 'authentication.k8s.io', { token: 'x' });
    expect(bad.status).toBe(201);
    expect(bad.body['status']).toMatchObject({ authenticated: false });
    const elsewhere = await review('TokenReview', 'authentication.k8s.io', { token, audiences: ['other'] });
    expect(elsewhere.body['status']).toMatchObject({ authenticated: false });
    expect((await review('TokenReview', 'authentication.k8s.io', {})).status).toBe(400);
    expect((await review('TokenReview', 'authentication.k8s.io', { token }, token)).status).toBe(403);
  });

  it('access is reviewed, for others and for oneself', async () => {
    const group = 'authorization.k8s.io';
    const get = { verb: 'get', group: '', resource: 'configmaps', namespace: 'default' };
    const spec = { user: 'system:serviceaccount:default:bot', resourceAttributes: get };
    expect((await review('SubjectAccessReview', group, spec)).body['status']).toMatchObject({
      allowed: true,
    });
    const write = { ...spec, resourceAttributes: { ...get, verb: 'update' } };
    expect((await review('SubjectAccessReview', group, write)).body['status']).toMatchObject({
      allowed: false,
    });
    const own = await review('SelfSubjectAccessReview', group, { resourceAttributes: get }, token);
    expect(own.body['status']).toMatchObject({ allowed: true });
    const path = { nonResourceAttributes: { verb: 'get', path: '/metrics' } };
    expect((await review('SelfSubjectAccessReview', group, path, token)).body['status']).toMatchObject({
      allowed: false,
    });
    const local = await review('LocalSubjectAccessReview', group, spec, server.api.adminToken, 'default');
    expect(local.body['status']).toMatchObject({ allowed: true });
    expect(
      (await review('LocalSubjectAccessReview', group, spec, server.api.adminToken, 'kube-system')).status,
    ).toBe(400);
    const rules = await review('SelfSubjectRulesReview', group, { namespace: 'default' }, token);
    expect(JSON.stringify(rules.body['status'])).toContain('"configmaps"');
    expect((await review('SubjectAccessReview', group, { user: 'x' })).status).toBe(400);
    expect((await review('SubjectAccessReview', group, { resourceAttributes: get })).status).toBe(400);
    expect((await server.call('GET', `/apis/${group}/v1/subjectaccessreviews`)).status).toBe(405);
  });

  it('can be tried as somebody else, by who may', async () => {
    const as = { 'impersonate-user': 'system:serviceaccount:default:bot' };
    expect((await server.call('GET', configMaps, { headers: as })).status).toBe(200);
    expect((await server.call('GET', '/api/v1/secrets', { headers: as })).status).toBe(403);
    expect((await server.call('GET', configMaps, { headers: { 'impersonate-group': 'x' } })).status).toBe(
      400,
    );
    const refused = await server.call('GET', configMaps, { token, headers: { 'impersonate-user': 'admin' } });
    expect(refused.body.message).toContain('cannot impersonate resource "users"');
    const self = await server.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      headers: { 'impersonate-user': 'ann', 'impersonate-group': 'ops' },
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    });
    expect(self.status).toBe(201);
    expect(self.body['status']).toEqual({
      userInfo: { username: 'ann', groups: ['ops', 'system:authenticated'] },
    });
  });

  it('keys for who verifies tokens offline are published', async () => {
    const { body } = await server.call('GET', '/openid/v1/jwks');
    expect(body['keys']).toMatchObject([{ kty: 'EC', crv: 'P-256', alg: 'ES256' }]);
    expect(JSON.stringify(body)).not.toContain('"d"');
  });
});
