/** Owns the proof of the verbs: what each one sends, that unknown fields survive, and that each one can fail. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeKubeClient } from './client.ts';
import type { KubeClient } from './client.ts';
import { deployments, pods, subjectAccessReviews } from './kinds.ts';
import type { Deployment, Pod } from './kinds.ts';
import { json, refusal, startFakeApiServer } from './testing/fake-api-server.ts';
import type { FakeApiServer } from './testing/fake-api-server.ts';
import { plainTransport } from './testing/plain-access.ts';

const ref = { namespace: 'a', name: 'd' };
const object: Deployment = { metadata: { ...ref, resourceVersion: '7' } };
const fieldManager = 'fairlead';
const path = '/apis/apps/v1/namespaces/a/deployments/d';

let api: FakeApiServer;
let client: KubeClient;
beforeEach(async () => {
  api = await startFakeApiServer();
  client = makeKubeClient(plainTransport(api.url));
});
afterEach(async () => {
  await client.transport.close();
  await api.stop();
});

interface Sent {
  readonly line: string;
  readonly type?: string;
  readonly query?: Record<string, string>;
  readonly body?: unknown;
}
type Row = [name: string, call: (client: KubeClient) => Promise<unknown>, sent: Sent];

const identified = { apiVersion: 'apps/v1', kind: 'Deployment', ...object };
const strict = { fieldValidation: 'Strict' };
const operations = [
  { op: 'test', path: '/spec/replicas', value: 0 },
  { op: 'replace', path: '/spec/replicas', value: 1 },
] as const;
const jsonPatchType = 'application/json-patch+json';
const mergePatchType = 'application/merge-patch+json';
const applyType = 'application/apply-patch+yaml';

const rows: Row[] = [
  ['get', (kube) => kube.get(deployments, ref), { line: `GET ${path}` }],
  ['find', (kube) => kube.find(deployments, ref), { line: `GET ${path}` }],
  [
    'list',
    (kube) => kube.list(deployments, { namespace: 'a', labelSelector: 'x=y', fieldSelector: 'f=g' }),
    {
      line: 'GET /apis/apps/v1/namespaces/a/deployments',
      query: { labelSelector: 'x=y', fieldSelector: 'f=g', limit: '500' },
    },
  ],
  [
    'create',
    (kube) => kube.create(deployments, object, { fieldManager }),
    {
      line: 'POST /apis/apps/v1/namespaces/a/deployments',
      type: 'application/json',
      query: { ...strict, fieldManager },
      body: identified,
    },
  ],
  [
    'create of a review, which has no name',
    (kube) => kube.create(subjectAccessReviews, { spec: { user: 'ann' } }),
    {
      line: 'POST /apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { user: 'ann' } },
    },
  ],
  [
    'replace',
    (kube) => kube.replace(deployments, object),
    { line: `PUT ${path}`, type: 'application/json', query: strict, body: identified },
  ],
  [
    'apply, which takes fields over',
    (kube) => kube.apply(deployments, object, { fieldManager }),
    {
      line: `PATCH ${path}`,
      type: applyType,
      query: { ...strict, fieldManager, force: 'true' },
      body: identified,
    },
  ],
  [
    'apply that asks first',
    (kube) => kube.apply(deployments, object, { fieldManager, force: false, dryRun: true }),
    { line: `PATCH ${path}`, query: { ...strict, fieldManager, force: 'false', dryRun: 'All' } },
  ],
  [
    'mergePatch',
    (kube) => kube.mergePatch(deployments, ref, { metadata: { labels: { x: null } } }),
    {
      line: `PATCH ${path}`,
      type: mergePatchType,
      query: strict,
      body: { metadata: { labels: { x: null } } },
    },
  ],
  [
    'jsonPatch',
    (kube) => kube.jsonPatch(deployments, ref, operations),
    { line: `PATCH ${path}`, type: jsonPatchType, query: strict, body: operations },
  ],
  [
    'delete',
    (kube) =>
      kube.delete(deployments, ref, {
        preconditions: { uid: 'u', resourceVersion: '7' },
        propagationPolicy: 'Foreground',
        gracePeriodSeconds: 0,
      }),
    {
      line: `DELETE ${path}`,
      query: {},
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid: 'u', resourceVersion: '7' },
        propagationPolicy: 'Foreground',
        gracePeriodSeconds: 0,
      },
    },
  ],
  [
    'status.apply',
    (kube) => kube.status.apply(deployments, object, { fieldManager: 'fairlead-status' }),
    { line: `PATCH ${path}/status`, type: applyType, body: identified },
  ],
  [
    'status.mergePatch',
    (kube) => kube.status.mergePatch(deployments, ref, { status: {} }),
    { line: `PATCH ${path}/status`, type: mergePatchType, body: { status: {} } },
  ],
  ['scale.get', (kube) => kube.scale.get(deployments, ref), { line: `GET ${path}/scale` }],
  [
    'scale.mergePatch',
    (kube) => kube.scale.mergePatch(deployments, ref, { spec: { replicas: 1 } }),
    { line: `PATCH ${path}/scale`, type: mergePatchType, body: { spec: { replicas: 1 } } },
  ],
  [
    'scale.jsonPatch',
    (kube) => kube.scale.jsonPatch(deployments, ref, operations),
    { line: `PATCH ${path}/scale`, type: jsonPatchType, body: operations },
  ],
  [
    'readLog',
    (kube) =>
      kube.readLog({ namespace: 'a', name: 'p' }, { container: 'model', tailLines: 20, previous: true }),
    {
      line: 'GET /api/v1/namespaces/a/pods/p/log',
      query: { container: 'model', tailLines: '20', previous: 'true' },
    },
  ],
];

describe('each verb', () => {
  it.each(rows)('%s sends the right request', async (_row, call, sent) => {
    api.always(() => true, json({ metadata: { resourceVersion: '8' } }));
    await call(client);
    const [request] = api.requests;
    expect(`${request?.method} ${request?.path}`).toBe(sent.line);
    if (sent.type !== undefined) expect(request?.headers['content-type']).toBe(sent.type);
    if (sent.query !== undefined) expect(Object.fromEntries(request?.query ?? [])).toEqual(sent.query);
    if (sent.body !== undefined) expect(JSON.parse(request?.body ?? '')).toEqual(sent.body);
  });

  it.each(rows)('%s tells a refusal', async (_row, call) => {
    api.always(() => true, refusal(403, 'Forbidden', 'no rights'));
    await expect(call(client)).rejects.toMatchObject({ code: 'KUBE_FORBIDDEN' });
  });
});

describe('objects', () => {
  const strange: Pod = JSON.parse(
    '{"metadata":{"namespace":"a","name":"p"},"spec":{"containers":[],"fromTheFuture":{"deep":[1,{"x":null}]}}}',
  ) as Pod;

  it('keep the fields that no type knows, on the way there and back', async () => {
    api.always(
      () => true,
      (response, request) => response.end(request.body),
    );
    const answer = await client.apply(pods, strange, { fieldManager });
    expect(answer).toEqual({ ...strange, apiVersion: 'v1', kind: 'Pod' });
  });

  it('that do not exist are undefined for find, and false for delete', async () => {
    api.always(() => true, refusal(404, 'NotFound'));
    await expect(client.find(deployments, ref)).resolves.toBeUndefined();
    await expect(client.delete(deployments, ref)).resolves.toBe(false);
    await expect(client.get(deployments, ref)).rejects.toMatchObject({ code: 'KUBE_NOT_FOUND' });
  });

  it('without a name are never sent, least of all to be deleted', async () => {
    const nameless = { code: 'KUBE_NAME_MISSING' };
    await expect(client.delete(deployments, { namespace: 'a', name: '' })).rejects.toMatchObject(nameless);
    await expect(client.apply(deployments, { metadata: {} }, { fieldManager })).rejects.toMatchObject(
      nameless,
    );
    expect(api.requests).toHaveLength(0);
  });
});

describe('the guard', () => {
  const reads = ['get', 'find', 'list', 'scale.get', 'readLog'];

  it.each(rows)('%s asks it exactly when it writes', async (name, call) => {
    api.always(() => true, json({ metadata: {} }));
    const guarded = makeKubeClient(client.transport, {
      guard: () => {
        throw new Error('not the leader');
      },
    });
    if (reads.includes(name)) await call(guarded);
    else await expect(call(guarded)).rejects.toThrow('not the leader');
    expect(api.requests).toHaveLength(reads.includes(name) ? 1 : 0);
  });
});

describe('a call', () => {
  it('keeps its own time limit', async () => {
    api.always(
      () => true,
      () => undefined,
    );
    await expect(client.get(deployments, ref, { timeoutMs: 30 })).rejects.toMatchObject({
      code: 'KUBE_TIMEOUT',
    });
    await expect(client.delete(deployments, ref, { timeoutMs: 30 })).rejects.toMatchObject({
      code: 'KUBE_TIMEOUT',
    });
    await expect(client.readLog(ref, { signal: AbortSignal.timeout(30) })).rejects.toMatchObject({
      code: 'KUBE_ABORTED',
    });
  });
});
