import { describe, expect, it } from 'vitest';
import { ApiError } from '../errors/api-error.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import type { Schema } from '../schema/schema.ts';
import { referenceTo, resolveSchema } from '../schema/schema.ts';
import { applyConfiguration, claimsAfterUpdate, withManagedFields } from './apply.ts';
import type { WriteContext } from './apply.ts';
import { FieldSet } from './field-set.ts';

const deployments = resolveSchema(referenceTo('io.k8s.api.apps.v1.Deployment'));
const configMaps = resolveSchema(referenceTo('io.k8s.api.core.v1.ConfigMap'));
const time = '2026-01-01T00:00:00Z';

/** A tiny cluster of one object: who applies or updates what, in order. */
class World {
  readonly schema: Schema;
  object: KubeObject | undefined;

  constructor(schema: Schema) {
    this.schema = schema;
  }

  #context(name: string, operation: 'Apply' | 'Update', subresource?: string): WriteContext {
    return {
      schema: this.schema,
      manager: {
        name,
        operation,
        apiVersion: 'apps/v1',
        ...(subresource === undefined ? {} : { subresource }),
      },
      time,
      claimable: (fields) => fields,
    };
  }

  apply(manager: string, content: JsonObject, force = false): this {
    const config = { apiVersion: 'apps/v1', kind: 'X', metadata: { name: 'x' }, ...content };
    const context = { ...this.#context(manager, 'Apply'), force };
    const { object, claims } = applyConfiguration(this.object, config, context);
    this.object = withManagedFields(object as unknown as KubeObject, claims);
    return this;
  }

  update(manager: string, change: (draft: JsonObject) => void, subresource?: string): this {
    const draft = structuredClone(
      this.object ?? { apiVersion: 'apps/v1', kind: 'X', metadata: { name: 'x' } },
    );
    change(draft as unknown as JsonObject);
    const claims = claimsAfterUpdate(
      this.object,
      draft as KubeObject,
      this.#context(manager, 'Update', subresource),
    );
    this.object = withManagedFields(draft as KubeObject, claims);
    return this;
  }

  get spec(): JsonObject {
    return ((this.object as unknown as JsonObject)['spec'] ?? {}) as JsonObject;
  }

  get data(): JsonObject {
    return ((this.object as unknown as JsonObject)['data'] ?? {}) as JsonObject;
  }

  fieldsOf(manager: string): unknown {
    return this.object?.metadata.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1;
  }
}

const withContainers = (...containers: JsonObject[]): JsonObject => ({
  spec: { template: { spec: { containers } } },
});
const containersOf = (world: World): unknown =>
  ((world.spec['template'] as JsonObject)['spec'] as JsonObject)['containers'];

function conflictOf(act: () => unknown): ApiError {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiError) return error;
  }
  throw new Error('no conflict');
}

describe('server-side apply', () => {
  it('claims what it applies and nothing that identifies the object', () => {
    const world = new World(configMaps).apply('one', { data: { a: '1' } });
    expect(world.fieldsOf('one')).toEqual({ 'f:data': { 'f:a': {} } });
  });

  it('removes a field that its only manager no longer applies', () => {
    const world = new World(configMaps).apply('one', { data: { a: '1', b: '2' } });
    expect(world.apply('one', { data: { a: '1' } }).data).toEqual({ a: '1' });
  });

  it('keeps a field that another manager claims too', () => {
    const world = new World(configMaps).apply('one', { data: { a: '1', b: '2' } });
    world.apply('two', { data: { b: '2' } });
    expect(world.apply('one', { data: { a: '1' } }).data).toEqual({ a: '1', b: '2' });
  });

  it('lets two managers share a field while they agree', () => {
    const world = new World(configMaps).apply('one', { data: { a: '1' } });
    expect(() => world.apply('two', { data: { a: '1' } })).not.toThrow();
    expect(world.fieldsOf('two')).toEqual({ 'f:data': { 'f:a': {} } });
  });

  it('refuses a value that another applier owns, naming the manager and the field', () => {
    const world = new World(deployments).apply('one', { spec: { replicas: 1 } });
    const error = conflictOf(() => world.apply('two', { spec: { replicas: 2 } }));
    expect(error.httpStatus).toBe(409);
    expect(error.message).toBe('Apply failed with 1 conflict: conflict with "one": .spec.replicas');
    expect(error.details?.causes).toEqual([
      { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.replicas' },
    ]);
  });

  it('refuses a value that an updater owns, naming version and time', () => {
    const world = new World(deployments).apply('one', { spec: { paused: true } });
    world.update('scaler', (draft) => Object.assign(draft['spec'] as object, { replicas: 3 }));
    const error = conflictOf(() => world.apply('one', { spec: { paused: true, replicas: 2 } }));
    expect(error.message).toBe(
      `Apply failed with 1 conflict: conflict with "scaler" using apps/v1 at ${time}: .spec.replicas`,
    );
  });

  it('lists several conflicts by manager', () => {
    const world = new World(configMaps).apply('one', { data: { a: '1', b: '1' } });
    const error = conflictOf(() => world.apply('two', { data: { a: '2', b: '2' } }));
    expect(error.message).toBe('Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b');
  });

  it('lets kubectl, and nobody else, take over what kubectl has applied from the client’s side', () => {
    const content = { apiVersion: 'apps/v1', kind: 'X', metadata: { name: 'x' }, spec: { replicas: 1 } };
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(content) };
    const world = new World(deployments).update('kubectl-client-side-apply', (draft) =>
      Object.assign(draft, content, { metadata: { name: 'x', annotations } }),
    );
    const error = conflictOf(() => world.apply('another', { spec: { replicas: 2 } }));
    expect(error.message).toContain('conflict with "kubectl-client-side-apply"');
    expect(world.apply('kubectl', { spec: { replicas: 2 } }).spec).toEqual({ replicas: 2 });
  });

  it('takes over with force, and the other manager loses the field', () => {
    const world = new World(deployments).apply('one', { spec: { replicas: 1, paused: true } });
    world.apply('two', { spec: { replicas: 2 } }, true);
    expect(world.spec).toEqual({ replicas: 2, paused: true });
    expect(world.fieldsOf('one')).toEqual({ 'f:spec': { 'f:paused': {} } });
    expect(world.fieldsOf('two')).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('leaves a field alone that it stops applying and somebody else changed', () => {
    const world = new World(deployments).apply('one', { spec: { replicas: 1, paused: true } });
    world.update('hpa', (draft) => Object.assign(draft['spec'] as object, { replicas: 5 }));
    world.apply('one', { spec: { paused: true } });
    expect(world.spec).toEqual({ replicas: 5, paused: true });
  });

  it('merges list entries by their keys and claims each entry', () => {
    const world = new World(deployments).apply('one', withContainers({ name: 'a', image: 'a:1' }));
    world.apply('two', withContainers({ name: 'b', image: 'b:1' }));
    expect(containersOf(world)).toEqual([
      { name: 'a', image: 'a:1' },
      { name: 'b', image: 'b:1' },
    ]);
    expect(world.fieldsOf('two')).toEqual({
      'f:spec': {
        'f:template': {
          'f:spec': { 'f:containers': { 'k:{"name":"b"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
        },
      },
    });
  });

  it('removes a list entry with all that nobody owns in it', () => {
    const world = new World(deployments).apply(
      'one',
      withContainers({ name: 'a', image: 'a:1' }, { name: 'b', image: 'b:1' }),
    );
    const containers = containersOf(world) as JsonObject[];
    containers[1] = { ...containers[1], imagePullPolicy: 'Always' };
    world.apply('one', withContainers({ name: 'a', image: 'a:1' }));
    expect(containersOf(world)).toEqual([{ name: 'a', image: 'a:1' }]);
  });

  it('keeps a list entry, with its key, in which somebody else owns a field', () => {
    const world = new World(deployments).apply(
      'one',
      withContainers({ name: 'a', image: 'a:1' }, { name: 'b', image: 'b:1' }),
    );
    world.apply('two', withContainers({ name: 'b', workingDir: '/w' }));
    world.apply('one', withContainers({ name: 'a', image: 'a:1' }));
    expect(containersOf(world)).toEqual([
      { name: 'a', image: 'a:1' },
      { name: 'b', workingDir: '/w' },
    ]);
  });

  it('tells ports apart by port and protocol, the protocol being TCP where it is left out', () => {
    const world = new World(deployments).apply(
      'one',
      withContainers({ name: 'a', ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }] }),
    );
    const text = JSON.stringify(world.fieldsOf('one'));
    expect(text).toContain(JSON.stringify('k:{"containerPort":80,"protocol":"TCP"}'));
    expect(text).toContain(JSON.stringify('k:{"containerPort":80,"protocol":"UDP"}'));
  });

  it('owns an atomic list and an atomic map as a whole', () => {
    const world = new World(deployments).apply('one', withContainers({ name: 'a', args: ['x'] }));
    world.apply('one', {
      spec: {
        selector: { matchLabels: { app: 'x' } },
        template: { spec: { containers: [{ name: 'a', args: ['x'] }] } },
      },
    });
    expect(world.fieldsOf('one')).toMatchObject({ 'f:spec': { 'f:selector': {} } });
    expect(
      conflictOf(() => world.apply('two', { spec: { selector: { matchLabels: { app: 'y' } } } })).message,
    ).toContain('.spec.selector');
  });

  it('merges a set of scalars', () => {
    const world = new World(configMaps).apply('one', { metadata: { name: 'x', finalizers: ['a.b/c'] } });
    world.apply('two', { metadata: { name: 'x', finalizers: ['d.e/f'] } });
    expect(world.object?.metadata.finalizers).toEqual(['a.b/c', 'd.e/f']);
    world.apply('one', { metadata: { name: 'x' } });
    expect(world.object?.metadata.finalizers).toEqual(['d.e/f']);
  });

  it('keeps the applied order of list entries and leaves the others between them', () => {
    const world = new World(deployments).apply(
      'one',
      withContainers({ name: 'a' }, { name: 'b' }, { name: 'c' }),
    );
    world.apply('two', withContainers({ name: 'c' }, { name: 'a' }));
    expect((containersOf(world) as JsonObject[]).map(({ name }) => name)).toEqual(['c', 'a', 'b']);
  });

  it('holds fields of an object without claims for whoever was before', () => {
    const world = new World(configMaps).apply('one', { data: { a: '1' } });
    delete world.object?.metadata.managedFields;
    const error = conflictOf(() => world.apply('two', { data: { a: '2' } }));
    expect(error.message).toContain('conflict with "before-first-apply"');
  });
});

describe('an update', () => {
  it('claims what it adds and changes, and takes it from others', () => {
    const world = new World(configMaps).apply('one', { data: { a: '1', b: '1' } });
    world.update('two', (draft) => (draft['data'] = { a: '2', b: '1', c: '3' }));
    expect(world.fieldsOf('one')).toEqual({ 'f:data': { 'f:b': {} } });
    expect(world.fieldsOf('two')).toEqual({ 'f:data': { 'f:a': {}, 'f:c': {} } });
  });

  it('ends the claims on what it removes', () => {
    const world = new World(configMaps).apply('one', { data: { a: '1', b: '1' } });
    world.update('two', (draft) => (draft['data'] = { a: '1' }));
    expect(world.fieldsOf('one')).toEqual({ 'f:data': { 'f:a': {} } });
    expect(world.fieldsOf('two')).toBeUndefined();
  });

  it('claims apart through each subresource', () => {
    const world = new World(deployments).apply('one', { spec: { paused: true } });
    world.update('c', (draft) => Object.assign(draft['spec'] as object, { replicas: 1 }), 'scale');
    world.update('c', (draft) => Object.assign(draft['spec'] as object, { minReadySeconds: 1 }));
    const own = world.object?.metadata.managedFields?.filter(({ manager }) => manager === 'c');
    expect(own?.map(({ subresource }) => subresource).toSorted()).toEqual(['scale', undefined]);
  });
});

describe('a field set', () => {
  const fields = { 'f:spec': { 'f:a': {}, 'k:{"name":"x"}': { '.': {}, 'f:b': {} }, 'v:"s"': {} } };

  it('reads and writes FieldsV1', () => {
    expect(FieldSet.fromFieldsV1(fields).toFieldsV1()).toEqual(fields);
  });

  it('unites, intersects and subtracts', () => {
    const a = FieldSet.of([['f:x'], ['f:y', 'f:z']]);
    const b = FieldSet.of([
      ['f:y', 'f:z'],
      ['f:y', 'f:w'],
    ]);
    expect([...a.union(b).paths()]).toEqual([['f:x'], ['f:y', 'f:w'], ['f:y', 'f:z']]);
    expect([...a.intersection(b).paths()]).toEqual([['f:y', 'f:z']]);
    expect([...a.difference(b).paths()]).toEqual([['f:x']]);
    expect([...b.recursiveDifference(FieldSet.of([['f:y']])).paths()]).toEqual([]);
    expect(a.equals(FieldSet.of([['f:y', 'f:z'], ['f:x']]))).toBe(true);
    expect(a.equals(b)).toBe(false);
  });
});
