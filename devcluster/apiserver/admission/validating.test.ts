/** Owns the tests of validating webhooks through the API: what they are asked, and what becomes of a refusal. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { aConfigMap } from '../testing/objects.ts';
import { maps, nextName, startWebhookFixture } from './webhook-fixture.ts';
import type { WebhookFixture } from './webhook-fixture.ts';

let world: WebhookFixture;
let server: WebhookFixture['server'];
let reviewer: WebhookFixture['reviewer'];
const aWebhook: WebhookFixture['aWebhook'] = (...given) => world.aWebhook(...given);
const configure: WebhookFixture['configure'] = (...given) => world.configure(...given);
const createMap: WebhookFixture['createMap'] = (...given) => world.createMap(...given);

beforeAll(async () => {
  world = await startWebhookFixture();
  ({ server, reviewer } = world);
});
afterEach(() => world.reset());
afterAll(() => world.stop());

describe('a validating webhook', () => {
  it('is asked about creation, change and deletion, with all that Kubernetes tells', async () => {
    await configure('Validating', aWebhook('/see'));
    const name = nextName();
    await createMap(name, { a: '1' });
    await server.call('PATCH', `${maps}/${name}`, {
      body: { data: { a: '2' } },
      contentType: 'application/merge-patch+json',
    });
    await server.call('DELETE', `${maps}/${name}`);
    const [created, changed, deleted] = reviewer.asked.map(({ request }) => request);
    const resource = { group: '', version: 'v1', resource: 'configmaps' };
    expect(created).toMatchObject({
      operation: 'CREATE',
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource,
      requestResource: resource,
      name,
      namespace: 'default',
      userInfo: { username: 'admin', groups: expect.arrayContaining(['system:masters']) as string[] },
      object: { data: { a: '1' }, metadata: { uid: expect.any(String) as string } },
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', fieldManager: 'test' },
    });
    expect(changed).toMatchObject({
      operation: 'UPDATE',
      object: { data: { a: '2' } },
      oldObject: { data: { a: '1' } },
    });
    expect(deleted).toMatchObject({ operation: 'DELETE', object: null, oldObject: { data: { a: '2' } } });
  });

  it.each<[string, unknown, number, string]>([
    ['says why', { message: 'no maps today' }, 400, 'denied the request: no maps today'],
    ['gives a reason alone', { reason: 'Weather' }, 400, 'denied the request: Weather'],
    ['says nothing', undefined, 400, 'denied the request without explanation'],
    ['chooses a code', { code: 403, message: 'no' }, 403, 'denied the request: no'],
    ['chooses a code that is no refusal', { code: 200, message: 'no' }, 400, 'denied the request: no'],
  ])('refuses in the words of Kubernetes when it %s', async (_name, status, code, words) => {
    await configure('Validating', aWebhook('/refuse'));
    reviewer.on('/refuse', () => ({ allowed: false, status }));
    const name = nextName();
    const answer = await createMap(name);
    expect(answer.body).toMatchObject({
      kind: 'Status',
      code,
      message: `admission webhook "refuse.hooks.test" ${words}`,
    });
    expect((await server.call('GET', `${maps}/${name}`)).status).toBe(404);
  });

  it('warns the person behind the client', async () => {
    await configure('Validating', aWebhook('/warn'));
    reviewer.on('/warn', () => ({ allowed: true, warnings: ['look out'] }));
    expect((await createMap()).headers['warning']).toBe('299 - "look out"');
  });

  it('is told of a dry run, which stores nothing', async () => {
    await configure('Validating', aWebhook('/dry'));
    expect((await createMap(nextName(), {}, '?dryRun=All')).status).toBe(201);
    expect(reviewer.asked).toMatchObject([{ request: { dryRun: true } }]);
  });

  it('keeps an object from being deleted', async () => {
    const name = nextName();
    await createMap(name);
    await configure('Validating', aWebhook('/keep'));
    reviewer.on('/keep', () => ({ allowed: false, status: { message: 'it is needed' } }));
    expect((await server.call('DELETE', `${maps}/${name}`)).body.message).toMatch(/it is needed/);
    expect((await server.call('GET', `${maps}/${name}`)).status).toBe(200);
    reviewer.on('/keep', () => ({ allowed: true }));
  });

  it('sees the object of another writer when one came in between, and so does the write', async () => {
    const name = nextName();
    await createMap(name, { n: '0' });
    await configure('Validating', aWebhook('/slow'));
    let first = true;
    const client = server.api.localClient('other');
    reviewer.on('/slow', () => {
      if (first) client.resource('v1', 'ConfigMap').mergePatch(name, 'default', { data: { other: 'x' } });
      first = false;
      return { allowed: true };
    });
    const answer = await server.call('PATCH', `${maps}/${name}`, {
      body: { data: { n: '1' } },
      contentType: 'application/merge-patch+json',
    });
    expect(answer.body).toMatchObject({ data: { n: '1', other: 'x' } });
    expect(reviewer.asked).toHaveLength(2);
  });

  it('leaves nothing behind in a namespace that ends meanwhile', async () => {
    const client = server.api.localClient('other').resource('v1', 'Namespace');
    client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'brief' } });
    await configure('Validating', aWebhook('/end'));
    reviewer.on('/end', () => {
      client.delete('brief');
      return { allowed: true };
    });
    const body = { ...aConfigMap('late'), metadata: { name: 'late', namespace: 'brief' } };
    const answer = await server.call('POST', '/api/v1/namespaces/brief/configmaps', { body });
    expect([403, 404]).toContain(answer.status);
  });

  it('leaves a write with a version to fail when another came in between', async () => {
    const name = nextName();
    const { body } = await createMap(name, { n: '0' });
    await configure('Validating', aWebhook('/late'));
    const client = server.api.localClient('other');
    reviewer.on('/late', () => {
      client.resource('v1', 'ConfigMap').mergePatch(name, 'default', { data: { other: 'y' } });
      return { allowed: true };
    });
    const answer = await server.call('PUT', `${maps}/${name}`, { body: { ...body, data: { n: '1' } } });
    expect(answer.status).toBe(409);
  });
});
