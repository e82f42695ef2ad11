/** Owns the objects that tests put into the cluster. */
import type { JsonObject, KubeObject, ObjectInput } from '../objects/kube-object.ts';

export const aConfigMap = (
  name: string,
  data: Record<string, string> = {},
  metadata: Partial<KubeObject['metadata']> = {},
): ObjectInput & { data: Record<string, string> } => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', ...metadata },
  data,
});

export const aDeployment = (name: string, spec: JsonObject = {}): ObjectInput & { spec: JsonObject } => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'example:1', ports: [{ containerPort: 80 }] }] },
    },
    ...spec,
  },
});

export const aPod = (name: string, spec: JsonObject = {}): ObjectInput & { spec: JsonObject } => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'main', image: 'example:1' }], ...spec },
});

/** A custom kind `Boat` of `test.fairlead.dev` with a bit of everything that a schema can say. */
export const boatDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.test.fairlead.dev' },
  spec: {
    group: 'test.fairlead.dev',
    scope: 'Namespaced',
    names: { plural: 'boats', kind: 'Boat', shortNames: ['bt'], categories: ['ships'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.oars',
            statusReplicasPath: '.status.oars',
            labelSelectorPath: '.status.selector',
          },
        },
        additionalPrinterColumns: [
          { name: 'Oars', type: 'integer', jsonPath: '.spec.oars' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['name'],
                properties: {
                  name: { type: 'string', minLength: 1, maxLength: 10 },
                  oars: { type: 'integer', minimum: 0, maximum: 8, default: 2 },
                  hull: { type: 'string', enum: ['wood', 'steel'], default: 'wood' },
                  flag: { type: 'string' },
                  crew: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: {
                        name: { type: 'string' },
                        role: { type: 'string', default: 'sailor' },
                        pay: { type: 'integer' },
                      },
                    },
                  },
                  ports: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
                  notes: { type: 'array', items: { type: 'string' } },
                  length: { 'x-kubernetes-int-or-string': true },
                  cargo: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  labels: { type: 'object', additionalProperties: { type: 'string' } },
                },
                'x-kubernetes-validations': [
                  {
                    rule: "self.hull != 'steel' || self.oars == 0",
                    message: 'steel boats have no oars',
                    fieldPath: '.oars',
                  },
                  { rule: 'self.name == oldSelf.name', message: 'name is immutable' },
                ],
              },
              status: {
                type: 'object',
                properties: {
                  oars: { type: 'integer' },
                  selector: { type: 'string' },
                  conditions: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['type'],
                    items: {
                      type: 'object',
                      required: ['type'],
                      properties: { type: { type: 'string' }, status: { type: 'string' } },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

export const aBoat = (name: string, spec: JsonObject = {}): ObjectInput & { spec: JsonObject } => ({
  apiVersion: 'test.fairlead.dev/v1',
  kind: 'Boat',
  metadata: { name, namespace: 'default' },
  spec: { name: 'Ada', ...spec },
});
