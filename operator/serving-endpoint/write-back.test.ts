/** Owns the tests of what becomes of a config that may not be written back: told, remembered for a while, tried again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configOf } from '../../core/config-versions/endpoint-config.ts';
import { makeKubeClient } from '../../kube/client.ts';
import { startFakeApiServer, json } from '../../kube/testing/fake-api-server.ts';
import type { FakeApiServer, RecordedRequest } from '../../kube/testing/fake-api-server.ts';
import { plainTransport } from '../../kube/testing/plain-access.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { makeLogger } from '../../platform/logging.ts';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { WriteBacks } from './write-back.ts';

const log = makeLogger({ process: 'test', level: 'silent' });
const endpoint = anEndpoint('iris').withMetadata({ generation: 4 }).servingModel('models:/iris/2').build();
const active = {
  version: 1,
  config: configOf(anEndpoint('iris').servingModel('models:/iris/1').build().spec),
};
const isRead = ({ method }: RecordedRequest): boolean => method === 'GET';
const isWrite = ({ method }: RecordedRequest): boolean => method === 'PATCH';

let server: FakeApiServer;
let transport: KubeTransport;
let now: number;
let writeBacks: WriteBacks;

beforeEach(async () => {
  server = await startFakeApiServer();
  server.always(isRead, json(endpoint));
  transport = plainTransport(server.url);
  now = 1_000;
  const clock = { now: () => now, monotonic: () => now };
  writeBacks = new WriteBacks({ client: makeKubeClient(transport), clock, retryMs: 30_000 });
});
afterEach(async () => {
  await transport.close();
  await server.stop();
});

const refuse = (code: number, message: string) =>
  server.always(isWrite, json({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message }, code));
const write = (of = endpoint) => writeBacks.write(of, active, log);
const writes = () => server.requests.filter(isWrite).length;

describe('a write-back that is refused', () => {
  it.each<[string, number, string]>([
    ['for want of a permission', 403, 'cannot patch resource'],
    ['because the spec is not valid', 422, 'spec.servedEntities[0]: invalid'],
    ['by an admission webhook', 400, 'admission webhook "a.b" denied the request: frozen'],
    ['by a webhook with a status of its own', 409, 'admission webhook "a.b" denied the request: frozen'],
    ['by a webhook that cannot be asked', 500, 'Internal error occurred: failed calling webhook "a.b": EOF'],
  ])('%s says why, and when it is tried again', async (_name, code, message) => {
    refuse(code, message);
    expect(await write()).toEqual({
      cause: expect.stringContaining(message) as string,
      retryInMs: 30_000,
    });
  });

  it.each<[string, number, string]>([
    ['somebody has changed the endpoint meanwhile', 409, 'the object has been modified'],
    ['the API server is in trouble', 500, 'etcdserver: leader changed'],
    ['the API server is overloaded', 429, 'too many requests'],
  ])('is an error like any other where %s', async (_name, code, message) => {
    refuse(code, message);
    await expect(write()).rejects.toMatchObject({ status: code });
    await expect(write()).rejects.toMatchObject({ status: code });
    expect(writes()).toBe(2);
  });

  it('is an error like any other where the endpoint cannot be read', async () => {
    server.always(isRead, json({ kind: 'Status', apiVersion: 'v1', code: 500, message: 'no' }, 500));
    await expect(write()).rejects.toMatchObject({ status: 500 });
  });

  it('is not tried at each look, but once its time is over', async () => {
    refuse(403, 'no');
    const first = await write();
    now += 10_000;
    expect(await write()).toEqual({ ...first, retryInMs: 20_000 });
    expect(writes()).toBe(1);
    now += 20_000;
    server.always(isWrite, json(endpoint));
    expect(await write()).toBeUndefined();
    expect(writes()).toBe(2);
  });

  it.each([
    ['another spec', { generation: 5 }],
    ['another endpoint of the name', { uid: 'another' }],
  ])('is tried at once for %s', async (_name, change) => {
    refuse(403, 'no');
    await write();
    await write({ ...endpoint, metadata: { ...endpoint.metadata, ...change } });
    expect(writes()).toBe(2);
  });

  it('is tried at once after it was no longer asked for', async () => {
    refuse(403, 'no');
    await write();
    writeBacks.forget('default/iris');
    await write();
    expect(writes()).toBe(2);
  });
});
