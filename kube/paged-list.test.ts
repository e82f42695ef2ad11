/** Owns the proof that a collection is read in pages, and from its beginning when the server forgot where it was. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pods } from './kinds.ts';
import { listPaged } from './paged-list.ts';
import { json, refusal, startFakeApiServer } from './testing/fake-api-server.ts';
import type { FakeApiServer } from './testing/fake-api-server.ts';
import { plainTransport } from './testing/plain-access.ts';
import { aPod, isList, page } from './testing/watch-answers.ts';
import type { KubeTransport } from './transport.ts';

let api: FakeApiServer;
let transport: KubeTransport;
beforeEach(async () => {
  api = await startFakeApiServer();
  transport = plainTransport(api.url);
});
afterEach(async () => {
  await transport.close();
  await api.stop();
});
const queries = (): Record<string, string>[] => api.requests.map(({ query }) => Object.fromEntries(query));

describe('a paged list', () => {
  it('follows the continue tokens to the end', async () => {
    api.once(isList, page([aPod('a', '1')], '10', 'next'));
    api.once(isList, page([aPod('b', '2')], '10', ''));
    const list = await listPaged(transport, pods, { resourceVersion: '0', pageSize: 1 });
    expect(list.items.map((item) => item.metadata?.name)).toEqual(['a', 'b']);
    expect(list.resourceVersion).toBe('10');
    expect(queries()).toEqual([
      { limit: '1', resourceVersion: '0' },
      { limit: '1', continue: 'next' },
    ]);
  });

  it('gives its items the kind that a list leaves out', async () => {
    api.once(isList, page([aPod('a', '1')], '10'));
    const { items } = await listPaged(transport, pods, {});
    expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'Pod' });
  });

  it.each([
    ['null, as some servers send for an empty list', null],
    ['no items at all', undefined],
  ])('is empty with %s', async (_row, items) => {
    api.once(isList, json({ metadata: { resourceVersion: '3' }, items }));
    await expect(listPaged(transport, pods, {})).resolves.toEqual({ items: [], resourceVersion: '3' });
  });

  it('starts over at the newest version when its token has expired', async () => {
    api.once(isList, page([aPod('a', '1')], '10', 'next'));
    api.once(isList, refusal(410, 'Expired'));
    api.once(isList, page([aPod('c', '11')], '12'));
    const list = await listPaged(transport, pods, { resourceVersion: '0' });
    expect(list.items.map((item) => item.metadata?.name)).toEqual(['c']);
    expect(queries().at(-1)).toEqual({ limit: '500' });
  });

  it('starts over once only', async () => {
    api.always(({ query }) => query.has('continue'), refusal(410, 'Expired'));
    api.always(({ query }) => !query.has('continue'), page([], '10', 'next'));
    await expect(listPaged(transport, pods, {})).rejects.toMatchObject({ code: 'KUBE_GONE' });
    expect(api.requests).toHaveLength(4);
  });

  it('fails whole when one page fails', async () => {
    api.once(isList, page([aPod('a', '1')], '10', 'next'));
    api.once(isList, refusal(500, 'InternalError'));
    await expect(listPaged(transport, pods, {})).rejects.toMatchObject({ code: 'KUBE_SERVER_ERROR' });
  });

  it('asks for metadata alone where nobody reads the rest', async () => {
    api.once(isList, page([], '1'));
    await listPaged(transport, pods, { metadataOnly: true });
    expect(api.requests[0]?.headers.accept).toContain('as=PartialObjectMetadataList;v=v1;g=meta.k8s.io');
  });
});
