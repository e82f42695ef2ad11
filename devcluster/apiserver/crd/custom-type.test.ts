import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiFixture } from '../testing/api-fixture.ts';
import type { ApiFixture } from '../testing/api-fixture.ts';
import { aBoat, boatDefinition } from '../testing/objects.ts';

const boats = '/apis/test.fairlead.dev/v1/namespaces/default/boats';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const apply = { contentType: 'application/apply-patch+yaml' };

describe('a custom kind', () => {
  let server: ApiFixture;
  beforeAll(async () => {
    server = await startApiFixture();
    await server.call('POST', definitions, { body: boatDefinition });
  });
  afterAll(() => server.stop());

  it('is established as soon as it is defined', async () => {
    const { body } = await server.call('GET', `${definitions}/boats.test.fairlead.dev`);
    expect(body['status']).toMatchObject({
      acceptedNames: { kind: 'Boat', singular: 'boat', listKind: 'BoatList' },
      conditions: [
        { type: 'NamesAccepted', status: 'True' },
        { type: 'Established', status: 'True' },
      ],
      storedVersions: ['v1'],
    });
  });

  it('has its defaults filled in and its unknown fields dropped', async () => {
    const spec = { crew: [{ name: 'a' }], cargo: { any: { thing: 1 } }, unknown: true };
    const { body } = await server.call('POST', boats, { body: aBoat('made', spec) });
    expect(body['spec']).toEqual({
      name: 'Ada',
      oars: 2,
      hull: 'wood',
      crew: [{ name: 'a', role: 'sailor' }],
      cargo: { any: { thing: 1 } },
    });
    expect(body.metadata.generation).toBe(1);
  });

  it.each([
    [
      'a value out of bounds',
      { oars: 9 },
      'spec.oars: Invalid value: 9: spec.oars in body should be less than or equal to 8',
    ],
    ['a missing field', { name: null }, 'spec.name: Required value'],
    [
      'an unsupported value',
      { hull: 'paper' },
      'spec.hull: Unsupported value: "paper": supported values: "wood", "steel"',
    ],
    [
      'two problems',
      { oars: -1, hull: 'paper' },
      '[spec.oars: Invalid value: -1: spec.oars in body should be greater than or equal to 0, spec.hull: Unsupported value: "paper": supported values: "wood", "steel"]',
    ],
    ['a broken rule', { hull: 'steel' }, 'spec.oars: Invalid value: "object": steel boats have no oars'],
    ['doubled keys', { crew: [{ name: 'a' }, { name: 'a' }] }, 'spec.crew[1]: Duplicate value: {"name":"a"}'],
  ])('refuses %s with the path of the field', async (_name, spec, message) => {
    const { status, body } = await server.call('POST', boats, { body: aBoat('bad', spec) });
    expect(status).toBe(422);
    expect(body.message).toBe(`Boat.test.fairlead.dev "bad" is invalid: ${message}`);
  });

  it('refuses unknown fields where it is asked to be strict', async () => {
    const { status, body } = await server.call('POST', `${boats}?fieldValidation=Strict`, {
      body: aBoat('bad', { sail: 1 }),
    });
    expect(status).toBe(400);
    expect(body.message).toBe(
      'Boat in version "v1" cannot be handled as a Boat: strict decoding error: unknown field "spec.sail"',
    );
  });

  it('compares with its old self on updates', async () => {
    await server.call('POST', boats, { body: aBoat('renamed') });
    const { body } = await server.call('PATCH', `${boats}/renamed`, {
      contentType: 'application/merge-patch+json',
      body: { spec: { name: 'Bob' } },
    });
    expect(body.message).toBe(
      'Boat.test.fairlead.dev "renamed" is invalid: spec: Invalid value: "object": name is immutable',
    );
  });

  it('takes no strategic merge patches', async () => {
    await server.call('POST', boats, { body: aBoat('plain') });
    const { status } = await server.call('PATCH', `${boats}/plain`, {
      contentType: 'application/strategic-merge-patch+json',
      body: {},
    });
    expect(status).toBe(415);
  });

  it('has a status of its own and a scale', async () => {
    await server.call('POST', boats, { body: aBoat('parts') });
    const status = { oars: 2, selector: 'boat=parts', conditions: [{ type: 'Ready', status: 'True' }] };
    await server.call('PATCH', `${boats}/parts/status?fieldManager=crew`, {
      ...apply,
      body: { ...aBoat('parts', {}), spec: { name: 'Eve', oars: 7 }, status },
    });
    const scale = await server.call('GET', `${boats}/parts/scale`);
    expect(scale.body).toMatchObject({
      spec: { replicas: 2 },
      status: { replicas: 2, selector: 'boat=parts' },
    });
    const scaled = await server.call('PATCH', `${boats}/parts/scale`, {
      contentType: 'application/merge-patch+json',
      body: { spec: { replicas: 4 } },
    });
    expect(scaled.body).toMatchObject({ spec: { replicas: 4 } });
    const { body } = await server.call('GET', `${boats}/parts`);
    expect(body).toMatchObject({ spec: { name: 'Ada', oars: 4 }, status, metadata: { generation: 2 } });
    const claims = body.metadata.managedFields?.find(({ manager }) => manager === 'crew');
    expect(claims).toMatchObject({ subresource: 'status' });
    expect(Object.keys(claims?.fieldsV1 ?? {})).toEqual(['f:status']);
    const tooMany = await server.call('PATCH', `${boats}/parts/scale`, {
      contentType: 'application/merge-patch+json',
      body: { spec: { replicas: 99 } },
    });
    expect(tooMany.status).toBe(422);
  });

  it('is applied by several managers, who conflict where they disagree', async () => {
    const crew = (...names: string[]) => ({ crew: names.map((name) => ({ name, pay: 1 })) });
    const path = (manager: string) => `${boats}/shared?fieldManager=${manager}`;
    await server.call('PATCH', path('one'), {
      ...apply,
      body: aBoat('shared', { ...crew('a'), flag: 'red' }),
    });
    const { spec: both } = (
      await server.call('PATCH', path('two'), { ...apply, body: { ...aBoat('shared'), spec: crew('b') } })
    ).body as unknown as { spec: { crew: object[] } };
    expect(both.crew).toHaveLength(2);
    const conflict = await server.call('PATCH', path('two'), {
      ...apply,
      body: { ...aBoat('shared'), spec: { ...crew('b'), flag: 'blue' } },
    });
    expect(conflict.status).toBe(409);
    expect(conflict.body.message).toBe('Apply failed with 1 conflict: conflict with "one": .spec.flag');
    const forced = await server.call('PATCH', `${path('two')}&force=true`, {
      ...apply,
      body: { ...aBoat('shared'), spec: { flag: 'blue' } },
    });
    expect(forced.body['spec']).toMatchObject({ flag: 'blue', crew: [{ name: 'a' }] });
    const again = await server.call('PATCH', `${path('two')}&force=true`, {
      ...apply,
      body: { ...aBoat('shared'), spec: { flag: 'blue' } },
    });
    expect(again.body.metadata.resourceVersion).toBe(forced.body.metadata.resourceVersion);
  });

  it('shows its own columns', async () => {
    const { body } = await server.call('GET', `${boats}/parts`, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    expect(body).toMatchObject({
      columnDefinitions: [{ name: 'Name' }, { name: 'Oars' }, { name: 'Ready' }],
      rows: [{ cells: ['parts', 4, 'True'] }],
    });
  });

  it('is found by discovery in both forms, and described by OpenAPI', async () => {
    const list = await server.call('GET', '/apis/test.fairlead.dev/v1');
    expect(list.body['resources']).toMatchObject([
      { name: 'boats', shortNames: ['bt'], categories: ['ships'] },
      { name: 'boats/status' },
      { name: 'boats/scale', kind: 'Scale' },
    ]);
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const aggregated = await server.call('GET', '/apis', { accept });
    expect(aggregated.headers['content-type']).toBe(accept);
    expect(aggregated.text).toContain('"test.fairlead.dev"');
    const index = await server.call('GET', '/openapi/v3');
    const paths = index.body['paths'] as Record<string, { serverRelativeURL: string }>;
    const document = await server.call('GET', paths['apis/test.fairlead.dev/v1']?.serverRelativeURL ?? '');
    const { components } = document.body as unknown as { components: { schemas: Record<string, object> } };
    expect(components.schemas['dev.fairlead.test.v1.Boat']).toMatchObject({
      'x-kubernetes-group-version-kind': [{ group: 'test.fairlead.dev', version: 'v1', kind: 'Boat' }],
      properties: { spec: { properties: { oars: { default: 2 } } } },
    });
    expect(components.schemas['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']).toBeDefined();
  });

  it('follows its definition: a new version, then the end', async () => {
    const [v1] = boatDefinition.spec.versions;
    const versions = [
      { ...v1, storage: false },
      { ...v1, name: 'v2', storage: true },
    ];
    const options = { contentType: 'application/merge-patch+json', body: { spec: { versions } } };
    await server.call('PATCH', `${definitions}/boats.test.fairlead.dev`, options);
    const newer = await server.call('GET', `${boats.replace('v1', 'v2')}/parts`);
    expect(newer.body).toMatchObject({ apiVersion: 'test.fairlead.dev/v2', spec: { oars: 4 } });
    expect((await server.call('GET', '/apis/test.fairlead.dev')).body).toMatchObject({
      preferredVersion: { version: 'v2' },
    });
    await server.call('DELETE', `${definitions}/boats.test.fairlead.dev`);
    expect((await server.call('GET', boats)).body.message).toBe(
      'the server could not find the requested resource',
    );
  });
});
