import { expect, it } from 'vitest';
import type { KubeObject } from '../objects/kube-object.ts';
import { referenceTo, resolveSchema } from '../schema/schema.ts';
import { fieldsOfLastApply } from './last-applied.ts';

const schema = resolveSchema(referenceTo('io.k8s.api.apps.v1.Deployment'));
const config = (spec: object, apiVersion = 'apps/v1'): string =>
  JSON.stringify({ apiVersion, kind: 'Deployment', spec });

it.each<[string, string | undefined, object | undefined]>([
  ['what kubectl applied', config({ replicas: 1 }), { 'f:replicas': {} }],
  ['not what was changed since', config({ replicas: 5, paused: true }), { 'f:paused': {} }],
  ['nothing of another version', config({ replicas: 1 }, 'apps/v1beta1'), undefined],
  ['nothing of an annotation that is no JSON', '{', undefined],
  ['nothing of an annotation that is no object', '[]', undefined],
  ['nothing without the annotation', undefined, undefined],
])('kubectl may take over %s', (_name, lastApplied, fields) => {
  const annotations =
    lastApplied === undefined ? {} : { 'kubectl.kubernetes.io/last-applied-configuration': lastApplied };
  const live = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'x', annotations },
    spec: { replicas: 1, paused: true },
  } as unknown as KubeObject;
  expect(fieldsOfLastApply(live, schema).toFieldsV1()['f:spec']).toEqual(fields);
});
