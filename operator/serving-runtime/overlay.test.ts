import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlayTemplate } from './overlay.ts';
import { mergeKeys } from './pod-fields.ts';

type Json = Record<string, unknown>;
type Row = readonly [rule: string, base: Json, overlay: Json, merged: Json];

const model = (given: Json) => ({ containers: [{ name: 'model', ...given }] });

const strategicMerge: readonly Row[] = [
  ['merges objects field by field', { a: { b: 1, c: 2 } }, { a: { c: 3 } }, { a: { b: 1, c: 3 } }],
  ['removes a field that is null', { a: 1, b: 2 }, { a: null }, { b: 2 }],
  ['keeps fields that nobody knows', {}, { futureField: { x: [1] } }, { futureField: { x: [1] } }],
  [
    'merges containers by name',
    { containers: [{ name: 'model', image: 'a' }, { name: 's' }] },
    { containers: [{ name: 'model', tty: true }, { name: 'new' }] },
    { containers: [{ name: 'model', image: 'a', tty: true }, { name: 's' }, { name: 'new' }] },
  ],
  [
    'merges env by name',
    { env: [{ name: 'A', value: '1' }] },
    {
      env: [
        { name: 'A', value: '2' },
        { name: 'B', value: '3' },
      ],
    },
    {
      env: [
        { name: 'A', value: '2' },
        { name: 'B', value: '3' },
      ],
    },
  ],
  [
    'merges volumeMounts by path',
    { volumeMounts: [{ mountPath: '/m', name: 'v', readOnly: true }] },
    {
      volumeMounts: [
        { mountPath: '/m', name: 'w' },
        { mountPath: '/n', name: 'v' },
      ],
    },
    {
      volumeMounts: [
        { mountPath: '/m', name: 'w', readOnly: true },
        { mountPath: '/n', name: 'v' },
      ],
    },
  ],
  [
    'takes a port without a protocol for TCP',
    { ports: [{ containerPort: 80, protocol: 'TCP' }] },
    { ports: [{ containerPort: 80, name: 'http' }] },
    { ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }] },
  ],
  [
    'keeps entries without their key apart',
    { env: [{ value: '1' }] },
    { env: [{ value: '2' }] },
    { env: [{ value: '1' }, { value: '2' }] },
  ],
  [
    'replaces lists that Kubernetes replaces: tolerations',
    { tolerations: [{ key: 'x' }] },
    { tolerations: [{ key: 'y' }] },
    { tolerations: [{ key: 'y' }] },
  ],
  [
    'deletes an entry on request',
    { volumes: [{ name: 'a' }, { name: 'b' }] },
    { volumes: [{ name: 'a', $patch: 'delete' }] },
    { volumes: [{ name: 'b' }] },
  ],
  ['deletes an object on request', { s: { x: 1 }, t: 1 }, { s: { $patch: 'delete' } }, { t: 1 }],
  ['replaces an object on request', { s: { x: 1 } }, { s: { y: 2, $patch: 'replace' } }, { s: { y: 2 } }],
  [
    'replaces a whole list on request',
    { env: [{ name: 'A' }, { name: 'B' }] },
    { env: [{ $patch: 'replace' }, { name: 'C' }] },
    { env: [{ name: 'C' }] },
  ],
  [
    'keeps the keys that are to be retained, and no others',
    { s: { x: 1, y: 2 } },
    { s: { $retainKeys: ['y', 'z'], z: 3 } },
    { s: { y: 2, z: 3 } },
  ],
];

const beyondKubernetes: readonly Row[] = [
  [
    'puts an init container that is added behind those that are there',
    { initContainers: [{ name: 'fetch-model' }, { name: 'sidecar' }] },
    { initContainers: [{ name: 'warm-up' }] },
    { initContainers: [{ name: 'fetch-model' }, { name: 'sidecar' }, { name: 'warm-up' }] },
  ],
  [
    'replaces one entry on request',
    { volumes: [{ name: 'a', emptyDir: {} }, { name: 'b' }] },
    { volumes: [{ name: 'a', configMap: {}, $patch: 'replace' }] },
    { volumes: [{ name: 'a', configMap: {} }, { name: 'b' }] },
  ],
  [
    'appends args to those of the container',
    model({ args: ['--port', '1'] }),
    model({ args: ['--verbose'] }),
    model({ args: ['--port', '1', '--verbose'] }),
  ],
  [
    'replaces args where the command is another one',
    model({ command: ['a'], args: ['x'] }),
    model({ command: ['b'], args: ['y'] }),
    model({ command: ['b'], args: ['y'] }),
  ],
  ['takes args from a container that had none', model({}), model({ args: ['y'] }), model({ args: ['y'] })],
  ['removes args that are null', model({ args: ['x'] }), model({ args: null }), model({})],
  [
    'leaves a field named args elsewhere to be replaced',
    { exec: { args: ['x'] } },
    { exec: { args: ['y'] } },
    { exec: { args: ['y'] } },
  ],
  [
    'drops the value of a variable that gets a source',
    { env: [{ name: 'A', value: '1' }] },
    { env: [{ name: 'A', valueFrom: { fieldRef: {} } }] },
    { env: [{ name: 'A', valueFrom: { fieldRef: {} } }] },
  ],
  [
    'drops the source of a value that gets another one',
    { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] },
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] },
  ],
  [
    'drops the source of a volume that gets another one',
    { volumes: [{ name: 'model', emptyDir: {} }] },
    { volumes: [{ name: 'model', persistentVolumeClaim: { claimName: 'c' } }] },
    { volumes: [{ name: 'model', persistentVolumeClaim: { claimName: 'c' } }] },
  ],
  [
    'merges into a source that stays',
    { volumes: [{ name: 'model', emptyDir: { medium: 'Memory' } }] },
    { volumes: [{ name: 'model', emptyDir: { sizeLimit: '1Gi' } }] },
    { volumes: [{ name: 'model', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } }] },
  ],
  [
    'drops the handler of a probe that gets another one, and keeps its times',
    { startupProbe: { httpGet: { port: 1 }, periodSeconds: 1 } },
    { startupProbe: { exec: { command: ['x'] } } },
    { startupProbe: { exec: { command: ['x'] }, periodSeconds: 1 } },
  ],
];

describe('an overlay', () => {
  it.each([...strategicMerge, ...beyondKubernetes])('%s', (_rule, base, overlay, merged) => {
    expect(overlayTemplate(base, overlay)).toEqual(merged);
  });

  it('changes neither of its arguments', () => {
    const base = Object.freeze({ containers: Object.freeze([Object.freeze({ name: 'model' })]) });
    expect(() => overlayTemplate(base, model({ tty: true }))).not.toThrow();
  });

  it('lets every field through that nobody knows, wherever it stands', () => {
    const unknown = fc.dictionary(fc.stringMatching(/^x[A-Z][a-z]{1,9}$/), withoutNulls, { minKeys: 1 });
    const places = fc.constantFrom<(fields: Json) => Json>(
      (fields) => ({ metadata: fields }),
      (fields) => ({ spec: fields }),
      (fields) => ({ spec: { containers: [{ name: 'model', ...fields }] } }),
      (fields) => ({ spec: { initContainers: [{ name: 'another', ...fields }] } }),
      (fields) => ({ spec: { volumes: [{ name: 'model', emptyDir: fields }] } }),
      (fields) => ({ spec: { securityContext: fields } }),
    );
    const base = {
      metadata: { labels: { a: '1' } },
      spec: { containers: [{ name: 'model', image: 'i' }], volumes: [{ name: 'model', emptyDir: {} }] },
    };
    fc.assert(
      fc.property(unknown, places, (fields, place) => {
        expect(overlayTemplate(base, place(fields))).toMatchObject(place(fields));
      }),
    );
  });
});

/** A null removes a field, so it is the one value that does not survive. */
const { value: withoutNulls } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,6}[0-9]$/), tie('value'), { maxKeys: 3 }),
  ),
}));

describe('the merge keys', () => {
  it('are those of the API server', () => {
    const published = publishedMergeKeys('io.k8s.api.core.v1.PodTemplateSpec');
    expect(published.get('containers')).toEqual(['name']);
    for (const [field, keys] of published) expect([field, mergeKeys[field]]).toEqual([field, keys]);
  });
});

interface Definition {
  readonly properties?: Record<string, Definition & { readonly items?: Definition }>;
  readonly $ref?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

/** Metadata is not up for merging: it has owners and finalizers, which no template has. */
function publishedMergeKeys(root: string): Map<string, readonly string[]> {
  const file = join(import.meta.dirname, '../../devcluster/apiserver/builtin/schema.json');
  const definitions = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Definition>;
  const found = new Map<string, readonly string[]>();
  const seen = new Set(['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']);
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const [field, schema] of Object.entries(definitions[name]?.properties ?? {})) {
      const keys = schema['x-kubernetes-list-map-keys'];
      if (schema['x-kubernetes-patch-merge-key'] !== undefined && keys !== undefined) found.set(field, keys);
      const reference = schema.$ref ?? schema.items?.$ref;
      if (reference !== undefined) visit(reference.replace('#/definitions/', ''));
    }
  };
  visit(root);
  return found;
}
