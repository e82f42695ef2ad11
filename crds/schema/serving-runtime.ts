/** Owns ServingRuntime and ClusterServingRuntime: which container serves which model format (semantics of KServe's field names). */
import * as z from 'zod';
import { apiVersion } from './api.ts';
import { atomicList, rules } from './cel.ts';
import { conditionsSchema, conditionStatuses } from './condition.ts';
import { objectMetaSchema } from './object-meta.ts';
import { protocols } from './protocol.ts';
import { workloadTypeName } from './workload.ts';

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

const path = z.string().max(1024).regex(/^\//);

const port = z.int().min(1).max(65535);

const modelServerSchema = z
  .strictObject({
    port: port.default(8080).describe('The port on localhost that the server listens on.'),
    grpcPort: port
      .optional()
      .describe(
        'The port on localhost that the server takes gRPC on (HTTP/2 in the clear). Absent: endpoints that it serves take none.',
      ),
    healthPath: path.default('/health').describe('Answers 200 once the model can predict.'),
    livenessPath: path.default('/ping').describe('Answers 200 while the server lives.'),
    invocationsPath: path
      .default('/invocations')
      .describe('Where predictions are asked for, by entities that name no task.'),
    taskPaths: z
      .strictObject({
        chat: path.optional().describe('Where llm/v1/chat is asked for.'),
        completions: path.optional().describe('Where llm/v1/completions is asked for.'),
        embeddings: path.optional().describe('Where llm/v1/embeddings is asked for.'),
      })
      .prefault({})
      .describe('Where entities that name a task are asked; a task without a path is not served.'),
    metrics: z
      .strictObject({
        port: port.optional().describe('The port on localhost; default: the port of the server.'),
        path: path
          .default('/metrics')
          .describe('Where the server tells its metrics, in the format of Prometheus.'),
      })
      .optional()
      .describe('Metrics of the server; the sidecar passes them on at /model/metrics of its port 9090.'),
    shutdownSeconds: z
      .int()
      .min(1)
      .max(3600)
      .default(30)
      .describe('Time that the server gets to end, after its last request has been answered.'),
  })
  .prefault({})
  .describe('How the sidecar speaks to the model server. Paths may hold placeholders.');

export const servingRuntimeSpecSchema = z
  .strictObject({
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
    workloadTypes: z
      .array(workloadTypeName)
      .min(1)
      .max(32)
      .meta(atomicList)
      .optional()
      .describe('Workload types that it runs on, e.g. those with a GPU; default: all.'),
    modelDirectory: z
      .string()
      .max(253)
      .regex(/^\/mnt\/models(\/([^/.]|\.[^/.])[^/]*)*$/)
      .default('/mnt/models')
      .describe('Where the model lies in the container; may hold placeholders.'),
    modelServer: modelServerSchema,
    fetcher: containerSchema
      .optional()
      .describe(
        'The init container that brings the model; its args get --source and --destination, and --include=… and --exclude=… where model.files says so. Without one the server fetches {{model.uri}} by itself.',
      ),
    credentials: z
      .enum(['fetcher', 'container'])
      .optional()
      .describe(
        'Who gets the Secret of model.credentials as environment; default: the fetcher, where there is one, else the container.',
      ),
    container: containerSchema.describe(
      'The model server. {{model.uri}}, {{model.format}}, {{model.dir}}, {{server.port}}, {{endpoint.name}}, {{entity.name}} and {{workload.gpus}} are filled in; write \\{{ for a literal {{.',
    ),
    template: z
      .looseObject({})
      .optional()
      .describe('Overlay on the pod template, under the one of the served entity; may hold placeholders.'),
  })
  .meta(
    rules({
      rule: "!has(self.credentials) || self.credentials != 'fetcher' || has(self.fetcher)",
      message: 'credentials go to a fetcher that does not exist: add one, or set credentials to container',
      fieldPath: '.credentials',
    }),
  );

const statusSchema = z.strictObject({
  observedGeneration: z
    .int()
    .min(-1)
    .optional()
    .describe('The generation of the spec that the status is about; -1 until it was looked at.'),
  ready: z.enum(conditionStatuses).optional().describe('Status of the Ready condition, for printing.'),
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
