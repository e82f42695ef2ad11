import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeKubeClient } from '../../kube/client.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Secret } from '../../kube/kinds.ts';
import { json, refusal, startFakeApiServer } from '../../kube/testing/fake-api-server.ts';
import type { FakeApiServer, RecordedRequest } from '../../kube/testing/fake-api-server.ts';
import { plainTransport, silentLog } from '../../kube/testing/plain-access.ts';
import { operatorConfigSchema } from '../config/operator-config.ts';
import { reconcileDataPlaneKeys } from './key-keeper.ts';
import type { PublishedKeys } from './key-keeper.ts';

const path = '/api/v1/namespaces/fairlead-system/secrets';
const isRead = ({ method }: RecordedRequest): boolean => method === 'GET';
const isCreate = ({ method }: RecordedRequest): boolean => method === 'POST';
const isReplace = ({ method }: RecordedRequest): boolean => method === 'PUT';
const hour = 3_600_000;

let server: FakeApiServer;
let client: KubeClient;
let stored: Secret | undefined;
let now: number;
beforeEach(async () => {
  now = 0;
  stored = undefined;
  server = await startFakeApiServer();
  client = makeKubeClient(plainTransport(server.url));
  server.always(isRead, (response, request) =>
    (stored === undefined ? refusal(404, 'NotFound') : json(stored))(response, request),
  );
  for (const isWrite of [isCreate, isReplace]) {
    server.always(isWrite, (response, request) => {
      const written = JSON.parse(request.body) as Secret;
      const version = String(Number(stored?.metadata?.resourceVersion ?? 0) + 1);
      stored = { ...written, metadata: { ...written.metadata, resourceVersion: version } };
      json(stored)(response, request);
    });
  }
});
afterEach(async () => {
  await client.transport.close();
  await server.stop();
});

const reconcile = (): Promise<PublishedKeys> =>
  reconcileDataPlaneKeys({
    client,
    config: operatorConfigSchema.parse({ podName: 'o', podIp: '127.0.0.1' }),
    clock: { now: () => now, monotonic: () => now },
    log: silentLog,
  });
const kids = async (): Promise<string[]> => (await reconcile()).keys.map(({ kid }) => kid);
const writes = (): string[] =>
  server.requests.filter((request) => !isRead(request)).map(({ method, path: at }) => `${method} ${at}`);

describe('the keys of data-plane tokens', () => {
  it('are made once, and then are as they are', async () => {
    const first = await kids();
    expect(first).toHaveLength(1);
    expect(await kids()).toEqual(first);
    expect(writes()).toEqual([`POST ${path}`]);
  });

  it('are replaced in exactly the Secret that was read', async () => {
    const [old] = await kids();
    now = 721 * hour;
    const [next, current] = await kids();
    expect(current).toBe(old);
    now += hour;
    expect(await kids()).toEqual([next, current]);
    const put = `PUT ${path}/fairlead-data-plane-keys`;
    expect(writes()).toEqual([`POST ${path}`, put, put]);
    const sent = server.requests.filter(isReplace).map(({ body }) => JSON.parse(body) as Secret);
    expect(sent.map(({ metadata }) => metadata?.resourceVersion)).toEqual(['1', '2']);
  });

  it('are replaced when somebody asks, and the request stays on the Secret', async () => {
    await kids();
    const asked = { 'serving.fairlead.dev/rotate': 'now' };
    stored = { ...stored, metadata: { ...stored?.metadata, annotations: asked } };
    expect(await kids()).toHaveLength(2);
    expect(stored.metadata?.annotations).toEqual({ ...asked, 'serving.fairlead.dev/rotated': 'now' });
    expect(await kids()).toHaveLength(2);
  });

  it.each([
    ['cannot be read', isRead, 500],
    ['cannot be created', isCreate, 403],
  ])('that %s are for the caller to try again', async (_name, matcher, status) => {
    server.once(matcher, refusal(status, 'Refused', 'no'));
    await expect(reconcile()).rejects.toThrow('no');
    expect(await kids()).toHaveLength(1);
  });

  it('that somebody else has written meanwhile are left to that one', async () => {
    await kids();
    now = 721 * hour;
    server.once(isReplace, refusal(409, 'Conflict', 'the object has been modified'));
    await expect(reconcile()).rejects.toThrow('modified');
    expect(await kids()).toHaveLength(2);
  });

  it('that are damaged are not made anew', async () => {
    await kids();
    stored = { ...stored, data: {} };
    await expect(reconcile()).rejects.toMatchObject({ code: 'DATA_PLANE_KEYS_INVALID' });
    expect(writes()).toHaveLength(1);
  });
});
