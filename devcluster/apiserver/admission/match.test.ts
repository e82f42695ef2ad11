/** Owns the tests of who is asked about what: rules, selectors, conditions, and where a Service leads. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../objects/kube-object.ts';
import { everyWrite, startWebhookFixture } from './webhook-fixture.ts';
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

describe('a webhook is asked only', () => {
  it.each<[string, JsonObject, boolean]>([
    [
      'about the operations of its rules',
      { rules: [{ ...everyWrite(['configmaps']), operations: ['DELETE'] }] },
      false,
    ],
    ['about the groups of its rules', { rules: [{ ...everyWrite(['*']), apiGroups: ['apps'] }] }, false],
    ['about the resources of its rules', { rules: [everyWrite(['secrets', 'configmaps/status'])] }, false],
    ['in the scope of its rules', { rules: [{ ...everyWrite(['*']), scope: 'Cluster' }] }, false],
    ['about every resource where it says so', { rules: [everyWrite(['*/*'])] }, true],
    ['about objects that it selects', { objectSelector: { matchLabels: { a: 'b' } } }, false],
    [
      'in namespaces that it selects',
      {
        namespaceSelector: {
          matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['default'] }],
        },
      },
      false,
    ],
    [
      'in the namespace that it names',
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } },
      true,
    ],
    [
      'where its conditions hold',
      { matchConditions: [{ name: 'data', expression: "has(object.data) && 'x' in object.data" }] },
      false,
    ],
    [
      'where the old object says so',
      { matchConditions: [{ name: 'new', expression: 'oldObject == null' }] },
      true,
    ],
    [
      'about users that it names',
      { matchConditions: [{ name: 'me', expression: "request.userInfo.username != 'admin'" }] },
      false,
    ],
  ])('%s', async (_name, given, isAsked) => {
    await configure('Validating', aWebhook('/some', given));
    expect((await createMap()).status).toBe(201);
    expect(reviewer.asked.length > 0).toBe(isAsked);
  });

  it('and is in the way where a condition cannot be evaluated', async () => {
    const matchConditions = [{ name: 'broken', expression: 'object.spec.x == 1' }];
    await configure('Validating', aWebhook('/some', { matchConditions }));
    const { body } = await createMap('boats');
    expect(body).toMatchObject({ code: 403, reason: 'Forbidden' });
    expect(body.message).toBe(
      `configmaps "boats" is forbidden: expression 'object.spec.x == 1' resulted in error: no such key: spec`,
    );
  });

  it('never about webhook configurations, which a broken one could no longer be taken out of', async () => {
    await configure('Validating', aWebhook('/all', { rules: [everyWrite(['*/*'])] }));
    reviewer.on('/all', () => ({ allowed: false }));
    expect((await configure('Validating', aWebhook('/more'))).status).toBe(201);
    expect((await createMap()).status).toBe(400);
  });
});

describe('a webhook behind a Service', () => {
  it('is found by its ready endpoint and known by its name', async () => {
    const client = server.api.localClient('test');
    client.resource('v1', 'Service').create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'hooks', namespace: 'default' },
      spec: { ports: [{ name: 'https', port: 443, targetPort: reviewer.port, protocol: 'TCP' }] },
    } as never);
    client.resource('discovery.k8s.io/v1', 'EndpointSlice').create({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'hooks', namespace: 'default', labels: { 'kubernetes.io/service-name': 'hooks' } },
      addressType: 'IPv4',
      ports: [{ name: 'https', port: reviewer.port, protocol: 'TCP' }],
      endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
    } as never);
    const service = { namespace: 'default', name: 'hooks', path: '/served' };
    await configure('Validating', aWebhook('/x', { clientConfig: { service, caBundle: reviewer.caBundle } }));
    expect((await createMap()).status).toBe(201);
    expect(reviewer.asked.map(({ path }) => path)).toEqual(['/served']);
  });
});
