import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalClient } from '../client/local-client.ts';
import type { KubeObject, OwnerReference } from '../objects/kube-object.ts';
import { eventually, startApiFixture } from '../testing/api-fixture.ts';
import type { ApiFixture } from '../testing/api-fixture.ts';
import { aBoat, aConfigMap, boatDefinition } from '../testing/objects.ts';

let server: ApiFixture;
let client: LocalClient;
beforeAll(async () => {
  server = await startApiFixture();
  client = server.api.localClient('test');
});
afterAll(() => server.stop());

const configMaps = () => client.resource('v1', 'ConfigMap');
const get = (name: string): KubeObject | undefined => configMaps().get(name, 'default');
const ownedBy = (...owners: KubeObject[]): { ownerReferences: OwnerReference[] } => ({
  ownerReferences: owners.map(({ apiVersion, kind, metadata: { name, uid } }) => ({
    apiVersion,
    kind,
    name,
    uid,
    blockOwnerDeletion: true,
  })),
});
const make = (name: string, metadata: object = {}): KubeObject =>
  configMaps().create(aConfigMap(name, {}, metadata));
const gone = (name: string): Promise<true> => eventually(() => (get(name) === undefined ? true : undefined));

describe('garbage collection', () => {
  it('deletes dependents after their owner, down to the last', async () => {
    const owner = make('b-owner');
    const child = make('b-child', ownedBy(owner));
    make('b-grandchild', ownedBy(child));
    configMaps().delete('b-owner', 'default');
    expect(get('b-owner')).toBeUndefined();
    await gone('b-child');
    await gone('b-grandchild');
  });

  it('keeps a dependent that has another owner, without the reference to the one that is gone', async () => {
    const [one, two] = [make('o-one'), make('o-two')];
    make('o-child', ownedBy(one, two));
    configMaps().delete('o-one', 'default');
    const left = await eventually(() => {
      const owners = get('o-child')?.metadata.ownerReferences;
      return owners?.length === 1 ? owners : undefined;
    });
    expect(left).toMatchObject([{ name: 'o-two' }]);
  });

  it('keeps the owner of a foreground deletion until its dependents are gone', async () => {
    const owner = make('f-owner');
    make('f-child', { ...ownedBy(owner), finalizers: ['example.com/hold'] });
    configMaps().delete('f-owner', 'default', { propagationPolicy: 'Foreground' });
    await eventually(() => get('f-child')?.metadata.deletionTimestamp);
    expect(get('f-owner')?.metadata.finalizers).toEqual(['foregroundDeletion']);
    configMaps().mergePatch('f-child', 'default', { metadata: { finalizers: null } });
    await gone('f-owner');
    expect(get('f-child')).toBeUndefined();
  });

  it('leaves orphans without their owner', async () => {
    const owner = make('p-owner');
    make('p-child', ownedBy(owner));
    configMaps().delete('p-owner', 'default', { propagationPolicy: 'Orphan' });
    await gone('p-owner');
    expect(get('p-child')?.metadata.ownerReferences).toBeUndefined();
  });

  it('deletes an object whose owner has been replaced by one of the same name', async () => {
    const owner = make('r-owner');
    configMaps().delete('r-owner', 'default');
    make('r-owner');
    make('r-child', ownedBy(owner));
    await gone('r-child');
    expect(get('r-owner')).toBeDefined();
  });

  it('leaves an object alone whose owner is of a kind that is not served', async () => {
    const stranger = {
      apiVersion: 'nobody/v1',
      kind: 'Stranger',
      metadata: { name: 's', uid: 'u' },
    } as KubeObject;
    make('s-child', ownedBy(stranger));
    const marker = make('s-marker');
    make('s-marked', ownedBy(marker));
    configMaps().delete('s-marker', 'default');
    await gone('s-marked');
    expect(get('s-child')).toBeDefined();
  });

  it('deletes what custom objects own when their definition goes', async () => {
    client.resource('apiextensions.k8s.io/v1', 'CustomResourceDefinition').create(boatDefinition);
    const boat = client.resource('test.fairlead.dev/v1', 'Boat').create(aBoat('b'));
    make('d-child', ownedBy(boat));
    client.resource('apiextensions.k8s.io/v1', 'CustomResourceDefinition').delete('boats.test.fairlead.dev');
    await gone('d-child');
    expect(() => client.resource('test.fairlead.dev/v1', 'Boat')).toThrow(
      expect.objectContaining({ httpStatus: 404 }),
    );
  });
});

describe('a namespace', () => {
  const namespaces = () => client.resource('v1', 'Namespace');
  const create = (name: string) =>
    namespaces().create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

  it('begins with a service account and the authority of the API', () => {
    create('fresh');
    expect(client.resource('v1', 'ServiceAccount').get('default', 'fresh')).toBeDefined();
    expect(configMaps().get('kube-root-ca.crt', 'fresh')).toMatchObject({
      data: { 'ca.crt': server.api.caPem },
    });
  });

  it('ends after its content, and takes nothing new in until then', async () => {
    create('ending');
    configMaps().create(aConfigMap('held', {}, { namespace: 'ending', finalizers: ['example.com/hold'] }));
    configMaps().create(aConfigMap('free', {}, { namespace: 'ending' }));
    namespaces().delete('ending');
    await eventually(() => (configMaps().get('free', 'ending') === undefined ? true : undefined));
    expect(namespaces().get('ending')).toMatchObject({ status: { phase: 'Terminating' } });
    expect(() => configMaps().create(aConfigMap('late', {}, { namespace: 'ending' }))).toThrow(
      /because it is being terminated/,
    );
    configMaps().mergePatch('held', 'ending', { metadata: { finalizers: null } });
    await eventually(() => (namespaces().get('ending') === undefined ? true : undefined));
  });
});
