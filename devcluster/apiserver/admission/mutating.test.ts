/** Owns the tests of mutating webhooks through the API: what they may change, and in which order. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../objects/kube-object.ts';
import { aBoat, aDeployment } from '../testing/objects.ts';
import { jsonPatch } from './reviewer-fixture.ts';
import { boats, everyWrite, nextName, startWebhookFixture } from './webhook-fixture.ts';
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

describe('a mutating webhook', () => {
  it('changes what is created, and claims nothing for the writer', async () => {
    await configure('Mutating', aWebhook('/add', { rules: [everyWrite(['boats'])] }));
    reviewer.on('/add', () => jsonPatch({ op: 'add', path: '/spec/flag', value: 'red' }));
    const name = nextName();
    const { body } = await server.call('PATCH', `${boats}/${name}?fieldManager=me`, {
      body: aBoat(name),
      contentType: 'application/apply-patch+yaml',
    });
    expect(body).toMatchObject({ spec: { flag: 'red' } });
    expect(JSON.stringify(body.metadata.managedFields)).not.toContain('f:flag');
    // An apply of the same keeps what the webhook added.
    const again = await server.call('PATCH', `${boats}/${name}?fieldManager=me`, {
      body: aBoat(name),
      contentType: 'application/apply-patch+yaml',
    });
    expect(again.body).toMatchObject({ spec: { flag: 'red' } });
    expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
  });

  it('is checked like everybody: the schema holds for what it makes of the object', async () => {
    await configure('Mutating', aWebhook('/break', { rules: [everyWrite(['boats'])] }));
    reviewer.on('/break', () => jsonPatch({ op: 'add', path: '/spec/oars', value: 99 }));
    const { body } = await server.call('POST', boats, { body: aBoat(nextName()) });
    expect(body).toMatchObject({ code: 422, reason: 'Invalid' });
  });

  it('cannot bring in fields that the schema does not know, nor another status', async () => {
    await configure('Mutating', aWebhook('/odd', { rules: [everyWrite(['boats'])] }));
    reviewer.on('/odd', () =>
      jsonPatch(
        { op: 'add', path: '/spec/sail', value: 'x' },
        { op: 'add', path: '/status', value: { oars: 4 } },
      ),
    );
    const { body } = await server.call('POST', boats, { body: aBoat(nextName()) });
    expect(body).not.toMatchObject({ spec: { sail: 'x' } });
    expect(body['status']).toBeUndefined();
  });

  it('sees what those before it made, and once more what those after it made if it asks for that', async () => {
    const mark = (label: string) => (request: JsonObject) => {
      const { data = {} } = request['object'] as { data?: Record<string, string> };
      const seen = Object.keys(data).sort().join('');
      return jsonPatch({ op: 'add', path: '/data', value: { ...data, [label]: seen } });
    };
    await configure('Mutating', aWebhook('/one', { reinvocationPolicy: 'IfNeeded' }), aWebhook('/two'));
    reviewer.on('/one', mark('x'));
    reviewer.on('/two', mark('y'));
    const { body } = await createMap(nextName(), { a: '' });
    expect(reviewer.asked.map(({ path }) => path)).toEqual(['/one', '/two', '/one']);
    expect(body).toMatchObject({ data: { a: '', x: 'axy', y: 'ax' } });
  });

  it('runs before the validating ones, which see its work', async () => {
    await configure('Validating', aWebhook('/check'));
    await configure('Mutating', aWebhook('/set'));
    reviewer.on('/set', () => jsonPatch({ op: 'add', path: '/data/b', value: '2' }));
    reviewer.on('/check', ({ object }) => ({
      allowed: (object as { data: { b?: string } }).data.b === '2',
    }));
    expect((await createMap(nextName(), { a: '1' })).status).toBe(201);
  });

  it('sees a Scale where the scale is written, and may set the replicas', async () => {
    const name = nextName();
    const deployments = '/apis/apps/v1/namespaces/default/deployments';
    await server.call('POST', deployments, { body: aDeployment(name) });
    await configure('Mutating', aWebhook('/cap', { rules: [everyWrite(['deployments/scale'])] }));
    reviewer.on('/cap', () => jsonPatch({ op: 'replace', path: '/spec/replicas', value: 2 }));
    const { body } = await server.call('PATCH', `${deployments}/${name}/scale`, {
      body: { spec: { replicas: 9 } },
      contentType: 'application/merge-patch+json',
    });
    expect(body).toMatchObject({ kind: 'Scale', spec: { replicas: 2 } });
    expect(reviewer.asked).toMatchObject([
      { request: { kind: { group: 'autoscaling', kind: 'Scale' }, subResource: 'scale' } },
    ]);
  });
});
