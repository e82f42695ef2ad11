import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiFixture } from '../testing/api-fixture.ts';
import type { ApiFixture } from '../testing/api-fixture.ts';
import { aConfigMap } from '../testing/objects.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

describe('lists and watches', () => {
  let server: ApiFixture;
  beforeAll(async () => {
    server = await startApiFixture({ watchHistory: 5 });
  });
  afterAll(() => server.stop());

  const create = async (name: string, labels: Record<string, string> = {}): Promise<string> => {
    const { body } = await server.call('POST', configMaps, { body: aConfigMap(name, {}, { labels }) });
    return body.metadata.resourceVersion;
  };
  const label = (name: string, labels: object) =>
    server.call('PATCH', `${configMaps}/${name}`, {
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels } },
    });
  const listVersion = async (): Promise<string> => {
    const { body } = await server.call('GET', configMaps);
    return body.metadata.resourceVersion;
  };

  it('a list comes in pages that show one state', async () => {
    for (const name of ['p1', 'p2', 'p3']) await create(name, { set: 'pages' });
    const path = `${configMaps}?labelSelector=set%3Dpages&limit=2`;
    const first = await server.call('GET', path);
    expect(first.body.metadata).toMatchObject({ remainingItemCount: 1 });
    await server.call('DELETE', `${configMaps}/p3`);
    const { continue: token } = first.body.metadata as unknown as { continue: string };
    const second = await server.call('GET', `${path}&continue=${token}`);
    const names = [first, second].flatMap(({ body }) =>
      (body['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name),
    );
    expect(names).toEqual(['p1', 'p2', 'p3']);
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
  });

  it.each([
    ['a page of a list that nobody remembers', `continue=${Buffer.from('x:1').toString('base64url')}`, 410],
    ['a page that cannot be read', 'continue=zzz', 400],
    ['a version from the future', 'resourceVersion=999999999', 504],
    ['a version that is no number', 'resourceVersion=abc', 400],
    ['an exact version of the past', 'resourceVersion=2&resourceVersionMatch=Exact', 410],
    ['a way of matching without a version', 'resourceVersionMatch=Exact', 400],
  ])('a list refuses %s', async (_name, query, status) => {
    expect((await server.call('GET', `${configMaps}?${query}`)).status).toBe(status);
  });

  it('a watch without a version begins with what is there', async () => {
    await create('w1', { set: 'begin' });
    const watch = await server.watch(`${configMaps}?watch=true&labelSelector=set%3Dbegin`);
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'w1' } } });
    watch.stop();
  });

  it('a watch from a version has every change after it, in order', async () => {
    const version = await listVersion();
    const watch = await server.watch(`${configMaps}?watch=true&resourceVersion=${version}`);
    await create('w2');
    await label('w2', { a: 'b' });
    await server.call('DELETE', `${configMaps}/w2`);
    const events = [await watch.next(), await watch.next(), await watch.next()];
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    watch.stop();
  });

  it('a watch resumes from the history', async () => {
    const version = await listVersion();
    await create('w3');
    const watch = await server.watch(`${configMaps}?watch=true&resourceVersion=${version}`);
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'w3' } } });
    watch.stop();
  });

  it('a watch with a selector sees objects come and go as their labels change', async () => {
    const version = await create('w4', { color: 'red' });
    const path = `${configMaps}?watch=true&resourceVersion=${version}&labelSelector=color%3Dblue`;
    const watch = await server.watch(path);
    await label('w4', { color: 'blue' });
    await label('w4', { size: 'big' });
    await label('w4', { color: 'red' });
    const types = [await watch.next(), await watch.next(), await watch.next()].map(({ type }) => type);
    expect(types).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    watch.stop();
  });

  it('a watch from a version that is forgotten is told to list again', async () => {
    const version = await listVersion();
    for (let index = 0; index < 12; index += 1) await create(`many-${index}`);
    const watch = await server.watch(`${configMaps}?watch=true&resourceVersion=${version}`);
    expect(await watch.next()).toMatchObject({
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired' },
    });
    expect(await watch.ended()).toBe(true);
  });

  it('a watch ends when its time is over, with a bookmark of how far it came', async () => {
    const version = await listVersion();
    const query = `watch=true&resourceVersion=${version}&timeoutSeconds=1&allowWatchBookmarks=true`;
    const watch = await server.watch(`${configMaps}?${query}`);
    expect(await watch.next()).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap' } });
    expect(await watch.ended()).toBe(true);
  });

  it('a watch that shall last for longer than a timer can does not end at once', async () => {
    const version = await listVersion();
    const watch = await server.watch(
      `${configMaps}?watch=true&resourceVersion=${version}&timeoutSeconds=9999999`,
    );
    await create('w6');
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'w6' } } });
    watch.stop();
  });

  it('a watch tells the end of what was there where it is asked to', async () => {
    await create('w5', { set: 'initial' });
    const query =
      'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&labelSelector=set%3Dinitial';
    const watch = await server.watch(`${configMaps}?${query}`);
    expect((await watch.next()).type).toBe('ADDED');
    expect(await watch.next()).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    watch.stop();
  });

  it('a watch of more than fits into its backlog gets all of it', async () => {
    const other = await startApiFixture();
    const big = { a: 'x'.repeat(900_000) };
    const resource = other.api.localClient('test').resource('v1', 'ConfigMap');
    for (let index = 0; index < 20; index += 1) {
      resource.create(aConfigMap(`big-${index}`, big, { labels: { set: 'big' } }));
    }
    const watch = await other.watch(`${configMaps}?watch=true&labelSelector=set%3Dbig`);
    for (let index = 0; index < 20; index += 1) expect((await watch.next()).type).toBe('ADDED');
    watch.stop();
    await other.stop();
  });

  it('a watch ends with the server', async () => {
    const other = await startApiFixture();
    const watch = await other.watch(`${configMaps}?watch=true&resourceVersion=`);
    await watch.next();
    await other.api.stop();
    await expect(watch.ended()).rejects.toThrow();
    await other.stop();
  });
});

describe('watches in the process', () => {
  it('see their own writes in order, each once, also those made while listening', async () => {
    const server = await startApiFixture();
    const configMapsHere = server.api.localClient('test').resource('v1', 'ConfigMap');
    const seen: string[] = [];
    const watch = configMapsHere.watch(
      { namespace: 'default', labelSelector: 'set=chain' },
      ({ type, object }) => {
        seen.push(`${type} ${object.metadata.name}`);
        if (object.metadata.name === 'c1' && type === 'ADDED') {
          configMapsHere.create(aConfigMap('c2', {}, { labels: { set: 'chain' } }));
        }
      },
    );
    configMapsHere.create(aConfigMap('c1', {}, { labels: { set: 'chain' } }));
    configMapsHere.delete('c1', 'default');
    watch.stop();
    configMapsHere.delete('c2', 'default');
    expect(seen).toEqual(['ADDED c1', 'ADDED c2', 'DELETED c1']);
    await server.stop();
  });
});
