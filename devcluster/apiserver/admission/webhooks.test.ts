/** Owns the tests of admission webhooks through the API: who is asked about what, and what becomes of the answers. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../objects/kube-object.ts';
import { eventually, startApiFixture } from '../testing/api-fixture.ts';
import type { Answer, ApiFixture } from '../testing/api-fixture.ts';
import { aBoat, aConfigMap, aDeployment, boatDefinition } from '../testing/objects.ts';
import { jsonPatch, RawAnswer, startReviewer } from './reviewer-fixture.ts';
import type { Reviewer } from './reviewer-fixture.ts';

const configurations = '/apis/admissionregistration.k8s.io/v1';
const maps = '/api/v1/namespaces/default/configmaps';
const boats = '/apis/test.fairlead.dev/v1/namespaces/default/boats';

let server: ApiFixture;
let reviewer: Reviewer;
let count = 0;

const nextName = (): string => `object-${(count += 1)}`;

const everyWrite = (resources: string[]) => ({
  operations: ['*'],
  apiGroups: ['*'],
  apiVersions: ['*'],
  resources,
});

function aWebhook(path: string, given: JsonObject = {}): JsonObject {
  return {
    name: `${path.slice(1)}.hooks.test`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    timeoutSeconds: 2,
    rules: [everyWrite(['configmaps'])],
    clientConfig: { url: `https://127.0.0.1:${reviewer.port}${path}`, caBundle: reviewer.caBundle },
    ...given,
  };
}

async function configure(kind: 'Mutating' | 'Validating', ...webhooks: JsonObject[]): Promise<Answer> {
  const plural = `${kind.toLowerCase()}webhookconfigurations`;
  return server.call('POST', `${configurations}/${plural}`, {
    body: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: `${kind}WebhookConfiguration`,
      metadata: { name: nextName() },
      webhooks,
    },
  });
}

const createMap = (name = nextName(), data: Record<string, string> = {}, query = ''): Promise<Answer> =>
  server.call('POST', `${maps}${query}`, { body: aConfigMap(name, data) });

beforeAll(async () => {
  server = await startApiFixture();
  reviewer = await startReviewer();
  await server.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    body: boatDefinition,
  });
  const client = server.api.localClient('test');
  await eventually(() => {
    const { status } = client
      .resource('apiextensions.k8s.io/v1', 'CustomResourceDefinition')
      .get('boats.test.fairlead.dev') as unknown as { status?: { conditions?: { type: string }[] } };
    return status?.conditions?.find(({ type }) => type === 'Established');
  });
});
afterEach(async () => {
  for (const plural of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']) {
    await server.call('DELETE', `${configurations}/${plural}`);
  }
  reviewer.asked.length = 0;
});
afterAll(async () => {
  reviewer.stop();
  await server.stop();
});

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

describe('a webhook that fails', () => {
  const failing: [string, () => unknown, RegExp][] = [
    [
      'answers with an error',
      () => {
        throw new RawAnswer(503, 'away');
      },
      /^Internal error occurred: failed calling webhook "fail.hooks.test": failed to call webhook: Post "https:\/\/127\.0\.0\.1:\d+\/fail\?timeout=2s": an error on the server \("away"\)/,
    ],
    [
      'answers with something else',
      () => {
        throw new RawAnswer(200, '{"kind":"Pod","apiVersion":"v1"}');
      },
      /received invalid webhook response: expected webhook response of admission.k8s.io\/v1, Kind=AdmissionReview, got v1, Kind=Pod/,
    ],
    [
      'answers another question',
      () => ({ uid: 'mine', allowed: true }),
      /received invalid webhook response: expected response\.uid="[-0-9a-f]+", got "mine"/,
    ],
    [
      'patches what it may only look at',
      () => jsonPatch({ op: 'add', path: '/data', value: {} }),
      /received invalid webhook response/,
    ],
  ];

  it.each(failing)('is in the way when it %s', async (_name, answer, message) => {
    await configure('Validating', aWebhook('/fail'));
    reviewer.on('/fail', answer);
    const { body } = await createMap();
    expect(body).toMatchObject({ code: 500, reason: 'InternalError' });
    expect(body.message).toMatch(message);
  });

  it('is passed by where its policy says so', async () => {
    await configure('Validating', aWebhook('/fail', { failurePolicy: 'Ignore' }));
    reviewer.on('/fail', () => {
      throw new RawAnswer(500, '');
    });
    expect((await createMap()).status).toBe(201);
  });

  it.each<[string, () => JsonObject, RegExp]>([
    [
      'is not there',
      () => ({ url: 'https://127.0.0.1:1/x', caBundle: reviewer.caBundle }),
      /connection refused$/,
    ],
    [
      'shows a certificate of somebody else',
      () => ({ url: `https://127.0.0.1:${reviewer.port}/x` }),
      /x509: certificate signed by unknown authority$/,
    ],
    [
      'has no Service',
      () => ({ service: { namespace: 'default', name: 'gone' }, caBundle: reviewer.caBundle }),
      /Post "https:\/\/gone\.default\.svc:443\/\?timeout=2s": service\/gone in "default" is not present$/,
    ],
  ])('is in the way when it %s', async (_name, clientConfig, message) => {
    await configure('Validating', aWebhook('/away', { clientConfig: clientConfig() }));
    expect((await createMap()).body.message).toMatch(message);
  });

  it('is given up after its time', async () => {
    await configure('Validating', aWebhook('/hang', { timeoutSeconds: 1 }));
    const hanging = Promise.withResolvers<unknown>();
    reviewer.on('/hang', () => hanging.promise);
    const { body } = await createMap();
    hanging.resolve(undefined);
    expect(body.message).toMatch(/timeout=1s": context deadline exceeded$/);
  });
});

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
    expect(body.message).toMatch(/^configmaps "boats" is forbidden: expression "broken" resulted in error/);
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

describe('a webhook configuration', () => {
  it('is filled in as Kubernetes does', async () => {
    const { body } = await configure('Mutating', { ...aWebhook('/x'), timeoutSeconds: undefined });
    expect(body['webhooks']).toMatchObject([
      {
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        timeoutSeconds: 10,
        reinvocationPolicy: 'Never',
        rules: [{ scope: '*' }],
      },
    ]);
  });

  it.each<[string, JsonObject, string]>([
    ['a name without three segments', { name: 'x.y' }, 'webhooks[0].name'],
    ['side effects', { sideEffects: 'Some' }, 'webhooks[0].sideEffects'],
    ['too long a timeout', { timeoutSeconds: 31 }, 'webhooks[0].timeoutSeconds'],
    [
      'an unknown version of reviews',
      { admissionReviewVersions: ['v9'] },
      'webhooks[0].admissionReviewVersions',
    ],
    ['neither URL nor Service', { clientConfig: {} }, 'webhooks[0].clientConfig'],
    ['a URL without TLS', { clientConfig: { url: 'http://x/' } }, 'webhooks[0].clientConfig.url'],
    [
      'a bundle that is none',
      { clientConfig: { url: 'https://x/', caBundle: 'eA==' } },
      'webhooks[0].clientConfig.caBundle',
    ],
    [
      'a rule without operations',
      { rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }] },
      'webhooks[0].rules[0].operations',
    ],
    [
      'a condition that does not compile',
      { matchConditions: [{ name: 'a', expression: 'object.' }] },
      'webhooks[0].matchConditions[0].expression',
    ],
    [
      'a condition that is none',
      { matchConditions: [{ name: 'a', expression: '1 + 1' }] },
      'webhooks[0].matchConditions[0].expression',
    ],
    ['an unknown policy', { failurePolicy: 'Maybe' }, 'webhooks[0].failurePolicy'],
  ])('is refused with %s', async (_name, given, field) => {
    const { body } = await configure('Validating', aWebhook('/x', given));
    expect(body).toMatchObject({ code: 422 });
    const { causes } = body['details'] as { causes: { field: string }[] };
    expect(causes.map((cause) => cause.field)).toContain(field);
  });
});
