import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeKubeClient } from '../../kube/client.ts';
import { configMaps } from '../../kube/kinds.ts';
import type { ConfigMap } from '../../kube/kinds.ts';
import { plainTransport } from '../../kube/testing/plain-access.ts';
import { startFakeApiServer } from '../../kube/testing/fake-api-server.ts';
import type { FakeApiServer, RecordedRequest } from '../../kube/testing/fake-api-server.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { ChildWriter } from './apply-child.ts';

const owner = { apiVersion: 'v1', kind: 'E', name: 'e', uid: 'u1', controller: true };
const wanted: ConfigMap = {
  metadata: { name: 'child', namespace: 'default', ownerReferences: [owner] },
  data: { memory: '1024Mi' },
};
const isGet = ({ method }: RecordedRequest): boolean => method === 'GET';
const isApply = ({ method }: RecordedRequest): boolean => method === 'PATCH';

let server: FakeApiServer;
let transport: KubeTransport;
let writer: ChildWriter;

beforeEach(async () => {
  server = await startFakeApiServer();
  transport = plainTransport(server.url);
  writer = new ChildWriter(makeKubeClient(transport));
});
afterEach(async () => {
  await transport.close();
  await server.stop();
});

const answer = (status: number, body: unknown) => (matcher: (request: RecordedRequest) => boolean) =>
  server.always(matcher, (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
const refusal = (code: number, reason: string) =>
  answer(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: 'no' });
const writes = () => server.requests.filter(isApply);

describe('an object that the stores do not show', () => {
  it('is created without force, so that nobody is run over', async () => {
    answer(200, wanted)(isApply);
    expect(await writer.apply({ kind: configMaps, wanted, observed: undefined })).toBe('applied');
    expect(writes()[0]?.query.get('force')).toBe('false');
    expect(writes()[0]?.query.get('fieldManager')).toBe('fairlead-operator');
  });

  it('is left alone when it is there and belongs to somebody else', async () => {
    answer(200, { ...wanted, metadata: { name: 'child', namespace: 'default' } })(isGet);
    expect(await writer.apply({ kind: configMaps, wanted, observed: undefined })).toBe('notOwned');
    expect(writes()).toEqual([]);
  });

  it('is left alone when somebody else makes it at the same moment', async () => {
    refusal(409, 'Conflict')(isApply);
    expect(await writer.apply({ kind: configMaps, wanted, observed: undefined })).toBe('notOwned');
  });

  it('is applied with force when it is ours and the stores are behind', async () => {
    answer(200, wanted)(isGet);
    answer(200, wanted)(isApply);
    await writer.apply({ kind: configMaps, wanted, observed: undefined });
    expect(writes()[0]?.query.get('force')).toBe('true');
  });

  it.each([
    ['the look at it', isGet],
    ['the write', isApply],
  ])('is tried again by the caller when %s fails', async (_name, matcher) => {
    refusal(500, 'InternalError')(matcher);
    await expect(writer.apply({ kind: configMaps, wanted, observed: undefined })).rejects.toMatchObject({
      code: 'KUBE_SERVER_ERROR',
    });
  });
});

describe('an object that the API server writes in its own way', () => {
  it('is applied once, and then left as it is', async () => {
    const observed: ConfigMap = {
      ...wanted,
      metadata: { ...wanted.metadata, uid: 'c1', resourceVersion: '5' },
      data: { memory: 'normalised' },
    };
    answer(200, observed)(isApply);
    const child = { kind: configMaps, wanted, observed };
    expect(await writer.apply(child)).toBe('applied');
    expect(await writer.apply(child)).toBe('unchanged');
    expect(writes()).toHaveLength(1);
    const other = { ...child, wanted: { ...wanted, data: { memory: '2048Mi' } } };
    expect(await writer.apply(other)).toBe('applied');
  });
});
