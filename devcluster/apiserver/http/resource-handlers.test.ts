import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiFixture } from '../testing/api-fixture.ts';
import type { ApiFixture } from '../testing/api-fixture.ts';
import { aConfigMap, aDeployment, aPod } from '../testing/objects.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';

describe('objects over HTTP', () => {
  let server: ApiFixture;
  beforeAll(async () => {
    server = await startApiFixture();
  });
  afterAll(() => server.stop());

  it('are created with what the server gives them', async () => {
    const { status, body } = await server.call('POST', configMaps, { body: aConfigMap('made', { a: '1' }) });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      kind: 'ConfigMap',
      data: { a: '1' },
      metadata: { name: 'made', namespace: 'default' },
    });
    expect(body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(0);
    expect(body.metadata.managedFields).toMatchObject([{ manager: 'test', operation: 'Update' }]);
  });

  it('get a name from generateName', async () => {
    const { body } = await server.call('POST', configMaps, {
      body: { ...aConfigMap(''), metadata: { generateName: 'some-' } },
    });
    expect(body.metadata.name).toMatch(/^some-[bcdfghjklmnpqrstvwxz2-9]{5}$/);
  });

  it('are not stored by a dry run', async () => {
    const { status } = await server.call('POST', `${configMaps}?dryRun=All`, { body: aConfigMap('dry') });
    expect(status).toBe(201);
    expect((await server.call('GET', `${configMaps}/dry`)).status).toBe(404);
  });

  it('keep their version when nothing changes', async () => {
    const { body } = await server.call('POST', configMaps, { body: aConfigMap('same', { a: '1' }) });
    const again = await server.call('PUT', `${configMaps}/same`, { body });
    expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
  });

  it('count generations of their spec, not of metadata and status', async () => {
    const path = `${deployments}/gen`;
    await server.call('POST', deployments, { body: aDeployment('gen') });
    const merge = (patch: object, to = path) =>
      server.call('PATCH', to, { body: patch, contentType: 'application/merge-patch+json' });
    expect((await merge({ metadata: { labels: { a: 'b' } } })).body.metadata.generation).toBe(1);
    expect((await merge({ status: { replicas: 3 } }, `${path}/status`)).body.metadata.generation).toBe(1);
    expect((await merge({ spec: { replicas: 3 } })).body.metadata.generation).toBe(2);
  });

  it('have status and spec written apart', async () => {
    await server.call('POST', deployments, { body: { ...aDeployment('parts'), status: { replicas: 9 } } });
    const patch = { spec: { replicas: 5 }, status: { replicas: 2 } };
    const options = { body: patch, contentType: 'application/merge-patch+json' };
    const main = await server.call('PATCH', `${deployments}/parts`, options);
    expect(main.body['status']).toBeUndefined();
    const status = await server.call('PATCH', `${deployments}/parts/status`, {
      ...options,
      body: { spec: { replicas: 7 }, status: { replicas: 2 } },
    });
    expect(status.body).toMatchObject({ spec: { replicas: 5 }, status: { replicas: 2 } });
  });

  it('take all four patch formats', async () => {
    await server.call('POST', deployments, { body: aDeployment('patched') });
    const patch = (contentType: string, body: unknown) =>
      server.call(
        'PATCH',
        `${deployments}/patched?fieldManager=me&force=${contentType.includes('apply')}`.replace(
          '&force=false',
          '',
        ),
        { contentType, body },
      );
    const json = await patch('application/json-patch+json', [
      { op: 'add', path: '/spec/paused', value: true },
    ]);
    expect(json.body).toMatchObject({ spec: { paused: true } });
    const merge = await patch('application/merge-patch+json', { spec: { paused: null, replicas: 2 } });
    expect(merge.body).toMatchObject({ spec: { replicas: 2 } });
    const strategic = await patch('application/strategic-merge-patch+json', {
      spec: { template: { spec: { containers: [{ name: 'side', image: 's:1' }] } } },
    });
    expect(strategic.body).toMatchObject({
      spec: { template: { spec: { containers: [{ name: 'main' }, { name: 'side' }] } } },
    });
    const apply = await patch(
      'application/apply-patch+yaml',
      'apiVersion: apps/v1\nkind: Deployment\nspec: { replicas: 4 }\n',
    );
    expect(apply.body).toMatchObject({ spec: { replicas: 4 } });
  });

  it('are applied into existence', async () => {
    const options = { contentType: 'application/apply-patch+yaml', body: aConfigMap('applied', { a: '1' }) };
    const path = `${configMaps}/applied?fieldManager=me`;
    expect((await server.call('PATCH', path, options)).status).toBe(201);
    const again = await server.call('PATCH', path, options);
    expect(again.status).toBe(200);
    expect(again.body.metadata.managedFields).toMatchObject([{ manager: 'me', operation: 'Apply' }]);
  });

  it('show their scale, and are scaled with a precondition', async () => {
    await server.call('POST', deployments, { body: aDeployment('scaled') });
    const path = `${deployments}/scaled/scale`;
    const { body } = await server.call('GET', path);
    expect(body).toMatchObject({ kind: 'Scale', spec: { replicas: 1 }, status: { selector: 'app=scaled' } });
    const patch = (from: number, to: number) =>
      server.call('PATCH', path, {
        contentType: 'application/json-patch+json',
        body: [
          { op: 'test', path: '/spec/replicas', value: from },
          { op: 'replace', path: '/spec/replicas', value: to },
        ],
      });
    expect((await patch(0, 3)).status).toBe(422);
    expect((await patch(1, 3)).body).toMatchObject({ spec: { replicas: 3 } });
    const stale = await server.call('PUT', path, { body: { ...body, spec: { replicas: 9 } } });
    expect(stale.status).toBe(409);
    const live = await server.call('GET', `${deployments}/scaled`);
    expect(
      live.body.metadata.managedFields?.find((entry) => entry.subresource === 'scale')?.fieldsV1,
    ).toEqual({
      'f:spec': { 'f:replicas': {} },
    });
  });

  it('are deleted with preconditions', async () => {
    const { body } = await server.call('POST', configMaps, { body: aConfigMap('guarded') });
    const remove = (preconditions: object) =>
      server.call('DELETE', `${configMaps}/guarded`, {
        body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions },
      });
    expect((await remove({ uid: 'another' })).status).toBe(409);
    expect((await remove({ resourceVersion: '1' })).status).toBe(409);
    expect((await remove({ uid: body.metadata.uid })).body).toMatchObject({
      status: 'Success',
      details: { kind: 'configmaps' },
    });
  });

  it('wait for their finalizers', async () => {
    await server.call('POST', configMaps, {
      body: aConfigMap('held', {}, { finalizers: ['example.com/hold'] }),
    });
    const marked = await server.call('DELETE', `${configMaps}/held`);
    expect(marked.body.metadata.deletionTimestamp).toBeDefined();
    const add = await server.call('PATCH', `${configMaps}/held`, {
      contentType: 'application/merge-patch+json',
      body: { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } },
    });
    expect(add.status).toBe(422);
    await server.call('PATCH', `${configMaps}/held`, {
      contentType: 'application/merge-patch+json',
      body: { metadata: { finalizers: null } },
    });
    expect((await server.call('GET', `${configMaps}/held`)).status).toBe(404);
  });

  it('are deleted by selector', async () => {
    for (const name of ['d1', 'd2', 'd3']) {
      await server.call('POST', configMaps, {
        body: aConfigMap(name, {}, { labels: { doomed: String(name !== 'd3') } }),
      });
    }
    const { body } = await server.call('DELETE', `${configMaps}?labelSelector=doomed%3Dtrue`);
    expect(body['items']).toHaveLength(2);
    expect((await server.call('GET', `${configMaps}/d3`)).status).toBe(200);
  });

  it('with a node live on for their grace', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    await server.call('POST', pods, {
      body: aPod('bound', { nodeName: 'n', terminationGracePeriodSeconds: 5 }),
    });
    await server.call('POST', pods, { body: aPod('free') });
    const marked = await server.call('DELETE', `${pods}/bound`);
    expect(marked.body.metadata).toMatchObject({ deletionGracePeriodSeconds: 5 });
    expect((await server.call('DELETE', `${pods}/free`)).body).toMatchObject({ status: 'Success' });
    await server.call('DELETE', `${pods}/bound?gracePeriodSeconds=0`);
    expect((await server.call('GET', `${pods}/bound`)).status).toBe(404);
  });

  it('answer as a table or as metadata alone', async () => {
    await server.call('POST', deployments, { body: aDeployment('shown') });
    const table = await server.call('GET', `${deployments}/shown`, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    });
    expect(table.body).toMatchObject({
      kind: 'Table',
      rows: [{ cells: ['shown', '0/1', 0, 0, expect.any(String), 'main', 'example:1', 'app=shown'] }],
    });
    const metadata = await server.call('GET', deployments, {
      accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    });
    expect(metadata.body.kind).toBe('PartialObjectMetadataList');
    expect(metadata.text).not.toContain('"spec"');
    expect((await server.call('GET', deployments, { accept: 'text/html' })).status).toBe(406);
  });

  it('of typed clients are read from protobuf', async () => {
    // ConfigMap { metadata: { name: "pb" }, data: { k: "v" } } in Kubernetes' envelope.
    const text = (field: number, value: string | Buffer): Buffer => {
      const bytes = Buffer.from(value as string);
      return Buffer.concat([Buffer.from([(field << 3) | 2, bytes.length]), bytes]);
    };
    const typeMeta = Buffer.concat([text(1, 'v1'), text(2, 'ConfigMap')]);
    const raw = Buffer.concat([text(1, text(1, 'pb')), text(2, Buffer.concat([text(1, 'k'), text(2, 'v')]))]);
    const body = Buffer.concat([Buffer.from('k8s\0'), text(1, typeMeta), text(2, raw)]);
    const contentType = 'application/vnd.kubernetes.protobuf';
    const made = await server.call('POST', configMaps, { body, contentType });
    expect(made.body).toMatchObject({ metadata: { name: 'pb' }, data: { k: 'v' } });
    const cut = await server.call('POST', configMaps, { body: body.subarray(0, -1), contentType });
    expect(cut.status).toBe(400);
  });
});
