/** Owns the list of Fairlead's kinds: how `kubectl` calls them and what it prints of them. */
import { servingEndpointSchema } from '../schema/serving-endpoint.ts';
import { clusterServingRuntimeSchema, servingRuntimeSchema } from '../schema/serving-runtime.ts';
import type { PrinterColumn, ResourceDefinition } from './crd.ts';

const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

const runtimeColumns: readonly PrinterColumn[] = [
  {
    name: 'Ready',
    type: 'string',
    jsonPath: '.status.ready',
    description: 'Whether endpoints can be served with it.',
  },
  { name: 'Formats', type: 'string', jsonPath: '.spec.supportedModelFormats[*].name' },
  { name: 'Protocol', type: 'string', jsonPath: '.spec.protocol' },
  { name: 'Disabled', type: 'boolean', jsonPath: '.spec.disabled' },
  { name: 'Image', type: 'string', jsonPath: '.spec.container.image', priority: 1 },
  {
    name: 'Message',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].message',
    description: 'What is wrong with it, and the remedy.',
    priority: 1,
  },
  age,
];

const servingEndpoint: ResourceDefinition = {
  kind: 'ServingEndpoint',
  plural: 'servingendpoints',
  singular: 'servingendpoint',
  shortNames: ['sep'],
  categories: ['fairlead', 'serving'],
  scope: 'Namespaced',
  description:
    'Models behind one URL: what is served, how traffic is split, how it scales, who may call how much.',
  columns: [
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.ready',
      description:
        'Whether the endpoint answers; an endpoint at zero does, it wakes. Suspended: it was stopped.',
    },
    {
      name: 'Update',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="ConfigUpdate")].reason',
      description: 'State of the newest config version.',
    },
    {
      name: 'Version',
      type: 'string',
      jsonPath: '.status.version',
      description: 'The config version that serves, and the one that is being brought up.',
    },
    { name: 'URL', type: 'string', jsonPath: '.status.url', description: 'Where to send requests.' },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: 'Why the endpoint is ready or not.',
      priority: 1,
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].message',
      description: 'The cause in words, and the remedy.',
      priority: 1,
    },
    age,
  ],
  schema: servingEndpointSchema,
};

const servingRuntime: ResourceDefinition = {
  kind: 'ServingRuntime',
  plural: 'servingruntimes',
  singular: 'servingruntime',
  shortNames: ['srt'],
  categories: ['fairlead', 'serving'],
  scope: 'Namespaced',
  description: 'Which container serves which model formats, for the endpoints of one namespace.',
  columns: runtimeColumns,
  schema: servingRuntimeSchema,
};

const clusterServingRuntime: ResourceDefinition = {
  kind: 'ClusterServingRuntime',
  plural: 'clusterservingruntimes',
  singular: 'clusterservingruntime',
  shortNames: ['csrt'],
  categories: ['fairlead', 'serving'],
  scope: 'Cluster',
  description: 'Which container serves which model formats, for the endpoints of all namespaces.',
  columns: runtimeColumns,
  schema: clusterServingRuntimeSchema,
};

export const resources: readonly ResourceDefinition[] = [
  servingEndpoint,
  servingRuntime,
  clusterServingRuntime,
];
