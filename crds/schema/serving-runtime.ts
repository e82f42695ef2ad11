/** Owns ServingRuntime and ClusterServingRuntime: which container serves which model format (semantics of KServe's field names). */
import * as z from 'zod';
import { apiVersion } from './api.ts';
import { atomicList } from './cel.ts';
import { conditionsSchema } from './condition.ts';
import { objectMetaSchema } from './object-meta.ts';

const protocols = ['mlflow', 'v1', 'v2', 'openai'] as const;

const supportedModelFormatSchema = z.strictObject({
  name: z.string().min(1).max(63).describe('Name of the format, e.g. mlflow.'),
  version: z.string().min(1).max(63).optional().describe('Version of the format; absent: every version.'),
  autoSelect: z
    .boolean()
    .default(true)
    .describe('Whether the runtime may be chosen when the entity names none.'),
  priority: z.int().min(0).max(1000).default(0).describe('Greater wins among runtimes of one scope.'),
});

const containerSchema = z
  .looseObject({
    name: z.string().min(1).max(63).describe('Name of the container.'),
    image: z.string().min(1).max(1024).describe('Image of the container.'),
  })
  .describe('A container, as in a pod; unknown fields survive untouched.');

const servingRuntimeSpecSchema = z.strictObject({
  disabled: z.boolean().default(false).describe('Keeps the runtime from being chosen.'),
  supportedModelFormats: z
    .array(supportedModelFormatSchema)
    .min(1)
    .max(32)
    .meta(atomicList)
    .describe('Formats that it serves.'),
  protocol: z
    .enum(protocols)
    .default('mlflow')
    .describe('The protocol that its server speaks. Requests are passed on as they are, whichever it is.'),
  modelServer: z
    .strictObject({
      port: z
        .int()
        .min(1)
        .max(65535)
        .default(8080)
        .describe('The port on localhost that the server listens on.'),
      healthPath: z
        .string()
        .max(1024)
        .regex(/^\//)
        .default('/health')
        .describe('Answers 200 once the model can predict.'),
      livenessPath: z
        .string()
        .max(1024)
        .regex(/^\//)
        .default('/ping')
        .describe('Answers 200 while the server lives.'),
      invocationsPath: z
        .string()
        .max(1024)
        .regex(/^\//)
        .default('/invocations')
        .describe('Where predictions are asked for.'),
    })
    .prefault({})
    .describe('How the sidecar speaks to the model server.'),
  fetcher: containerSchema
    .optional()
    .describe(
      'The init container that brings the model to /mnt/models; its args get --source and --destination.',
    ),
  container: containerSchema.describe(
    'The model server. {{model.uri}}, {{model.dir}}, {{server.port}} and {{endpoint.name}} are filled in.',
  ),
  template: z
    .looseObject({})
    .optional()
    .describe('Overlay on the pod template, under the one of the served entity.'),
});

const statusSchema = z.strictObject({
  observedGeneration: z
    .int()
    .min(0)
    .optional()
    .describe('The generation of the spec that the status is about.'),
  conditions: conditionsSchema.optional(),
});

const runtimeOf = <Kind extends string>(kind: Kind) =>
  z.strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(kind),
    metadata: objectMetaSchema,
    spec: servingRuntimeSpecSchema.describe('What is served, and how.'),
    status: statusSchema.optional().describe('What Fairlead saw of the runtime.'),
  });

export const servingRuntimeSchema = runtimeOf('ServingRuntime');
export const clusterServingRuntimeSchema = runtimeOf('ClusterServingRuntime');

export type ServingRuntimeSpec = z.output<typeof servingRuntimeSpecSchema>;
export type ServingRuntime = z.output<typeof servingRuntimeSchema>;
export type ClusterServingRuntime = z.output<typeof clusterServingRuntimeSchema>;
