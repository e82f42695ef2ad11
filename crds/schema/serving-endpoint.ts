/** Owns the ServingEndpoint: models behind one URL, with traffic, scale and governance (design §3). */
import * as z from 'zod';
import { apiVersion } from './api.ts';
import { atomicList, listMap, rules } from './cel.ts';
import { conditionsSchema, conditionStatuses } from './condition.ts';
import { aiGatewaySchema, rateLimitSchema } from './governance.ts';
import { objectMetaSchema } from './object-meta.ts';
import { routingSchema } from './routing.ts';
import { servedEntityName, servedEntitySchema } from './served-entity.ts';

const tagSchema = z
  .strictObject({
    key: z.string().min(1).max(128).describe('Key of the tag.'),
    value: z.string().max(256).default('').describe('Value of the tag.'),
  })
  .describe('A label for people and for billing.');

export const trafficRouteSchema = z
  .strictObject({
    servedEntity: servedEntityName.describe('Name of a served entity.'),
    percent: z.int().min(0).max(100).describe('Share of the traffic; 0: used as fallback only.'),
  })
  .describe('Where a share of the traffic goes.');

export const servingEndpointSpecSchema = z
  .strictObject({
    endpointName: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[A-Za-z0-9_-]+$/)
      .optional()
      .describe('The public name; default: metadata.name. Unique in the namespace.'),
    description: z.string().max(4096).optional().describe('What the endpoint is for.'),
    tags: z.array(tagSchema).max(50).meta(listMap('key')).optional().describe('Tags of the endpoint.'),
    routeOptimized: z
      .boolean()
      .default(false)
      .describe(
        'Whether callers may reach the sidecars directly, with data-plane tokens; a change replaces the pods.',
      ),
    suspended: z.boolean().default(false).describe('Stops the endpoint without forgetting it.'),
    servedEntities: z
      .array(servedEntitySchema)
      .min(1)
      .max(15)
      .meta(listMap('name'))
      .describe('The models behind the endpoint, 1 to 15.'),
    traffic: z
      .strictObject({
        routes: z
          .array(trafficRouteSchema)
          .min(1)
          .max(15)
          .meta(listMap('servedEntity'))
          .describe('Shares; their sum is 100.'),
      })
      .meta(
        rules({
          rule: 'self.routes.map(r, r.percent).sum() == 100',
          message: 'the percents of traffic.routes must sum to 100',
          fieldPath: '.routes',
        }),
      )
      .optional()
      .describe('How the traffic is split; optional with one entity.'),
    routing: routingSchema.optional(),
    rateLimits: z
      .array(rateLimitSchema)
      .max(20)
      .meta(atomicList)
      .optional()
      .describe('Limits on calls and tokens.'),
    aiGateway: aiGatewaySchema.optional(),
  })
  .meta(
    rules(
      {
        rule: 'has(self.traffic) || size(self.servedEntities) == 1',
        message: 'traffic.routes is required when there is more than one served entity',
        reason: 'FieldValueRequired',
        fieldPath: '.traffic',
      },
      {
        rule: '!has(self.traffic) || self.traffic.routes.all(r, self.servedEntities.exists(e, e.name == r.servedEntity))',
        message: 'each traffic.routes[].servedEntity must name one of servedEntities',
        fieldPath: '.traffic.routes',
      },
    ),
  );

/** What can be said of one served entity of one config version. */
const deploymentStates = [
  'Creating',
  'Recovering',
  'Ready',
  'ScaledToZero',
  'Suspended',
  'Failed',
  'Aborted',
] as const;

const coldStartSchema = z
  .strictObject({
    totalSeconds: z.number().min(0).optional().describe('From the pod being created to its first readiness.'),
    scheduleSeconds: z.number().min(0).optional().describe('Until a node took the pod.'),
    fetchSeconds: z.number().min(0).optional().describe('Fetching the model.'),
    fetchedBytes: z.int().min(0).optional().describe('Size of the model that was fetched.'),
    loadSeconds: z.number().min(0).optional().describe('Starting the server and loading the model.'),
  })
  .describe('Where the time of the last start went.');

const fetchSchema = z
  .strictObject({
    pod: z.string().max(253).describe('Name of the pod, for `kubectl logs <pod> -c fetch-model`.'),
    bytes: z.int().min(0).describe('So many are there.'),
    totalBytes: z
      .int()
      .min(0)
      .optional()
      .describe('So many it will be, where the source tells that beforehand.'),
  })
  .describe(
    'Present while the model is being fetched: how far the pod is that has most of it. Brought up to date every ten seconds, or less often where many endpoints fetch at once.',
  );

const servedEntityStatusSchema = z.strictObject({
  name: z.string().max(63).describe('Name of the served entity.'),
  configVersion: z.int().min(1).describe('The config version that this row is about.'),
  state: z.enum(deploymentStates).describe('What its Deployment is doing.'),
  since: z.iso.datetime({ offset: true }).optional().describe('Since when it is in this state.'),
  reason: z.string().max(256).optional().describe('CamelCase reason of the state.'),
  message: z.string().max(32768).optional().describe('The cause in words, and the remedy.'),
  runtime: z.string().max(253).optional().describe('Name of the runtime that was chosen.'),
  runtimeKind: z
    .enum(['ServingRuntime', 'ClusterServingRuntime'])
    .optional()
    .describe('Whether that is a runtime of the namespace or of the cluster.'),
  runtimeGeneration: z.int().min(0).optional().describe('The generation of the runtime that is in use.'),
  deployment: z.string().max(63).optional().describe('Name of the Deployment.'),
  replicas: z
    .strictObject({
      desired: z.int().min(0).describe('As many are wanted.'),
      ready: z.int().min(0).describe('As many answer.'),
    })
    .optional()
    .describe('Replicas of the Deployment.'),
  fetch: fetchSchema.optional(),
  coldStart: coldStartSchema.optional(),
});

const configVersionStatusSchema = z.strictObject({
  configVersion: z.int().min(1).describe('Number of the config version.'),
  since: z.iso.datetime({ offset: true }).describe('Since when it is in this state.'),
});

const failedVersionSchema = z
  .strictObject({
    configVersion: z.int().min(1).describe('Number of the config version.'),
    since: z.iso.datetime({ offset: true }).describe('When it was given up.'),
    reason: z.string().max(256).describe('CamelCase reason of the failure.'),
    message: z.string().max(32768).describe('The cause in words, and the remedy.'),
    retry: z
      .string()
      .max(1024)
      .optional()
      .describe('Value of the annotation retry-update by then; another one tries again.'),
  })
  .describe('The newest config version, where it was given up; the active one goes on serving.');

const routedTrafficSchema = z
  .strictObject({
    servedEntity: z.string().max(63).describe('Name of the served entity.'),
    percent: z.int().min(0).max(100).describe('Share of the traffic.'),
    deployment: z
      .string()
      .max(63)
      .optional()
      .describe('The Deployment that answers; absent for external models.'),
    configVersion: z.int().min(1).describe('The config version that the share belongs to.'),
  })
  .describe('A share of the traffic as it is routed now.');

const servingEndpointStatusSchema = z.strictObject({
  observedGeneration: z
    .int()
    .min(-1)
    .optional()
    .describe('The generation of the spec that the status is about; -1 until it was looked at.'),
  id: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional()
    .describe('Stable identifier, 32 hexadecimal digits.'),
  url: z.string().max(2048).optional().describe('Where to send requests.'),
  dataPlane: z
    .strictObject({
      url: z.string().max(2048).describe('Where to send requests to the sidecars themselves.'),
    })
    .optional()
    .describe('Present on route-optimised endpoints: the way that takes data-plane tokens.'),
  ready: z
    .enum([...conditionStatuses, 'Suspended'])
    .optional()
    .describe('Status of the Ready condition, or Suspended while the endpoint is stopped; for printing.'),
  version: z
    .string()
    .max(64)
    .optional()
    .describe('The active config version and, after an arrow, the pending one; for printing.'),
  active: configVersionStatusSchema
    .optional()
    .describe('The config version that serves, or that served last where the endpoint is stopped.'),
  pending: configVersionStatusSchema.optional().describe('The config version that is being brought up.'),
  failed: failedVersionSchema.optional(),
  suspended: z
    .strictObject({
      since: z.iso.datetime({ offset: true }).describe('Since when the endpoint is stopped.'),
    })
    .optional()
    .describe('Present while the endpoint is stopped.'),
  traffic: z
    .array(routedTrafficSchema)
    .max(30)
    .meta(atomicList)
    .optional()
    .describe('The traffic as it is routed now.'),
  servedEntities: z
    .array(servedEntityStatusSchema)
    .max(60)
    .meta(atomicList)
    .optional()
    .describe('The served entities of the active and of the pending config version.'),
  conditions: conditionsSchema.optional(),
});

export const servingEndpointSchema = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('ServingEndpoint'),
    metadata: objectMetaSchema,
    spec: servingEndpointSpecSchema.describe('What the endpoint shall be.'),
    status: servingEndpointStatusSchema.optional().describe('What the endpoint is.'),
  })
  .meta(
    rules({
      rule: "size(self.metadata.name) <= 63 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
      message:
        "metadata.name becomes the name of Services: use lower-case letters, digits and '-', begin with a letter, at most 63 characters; any other public name goes into spec.endpointName",
    }),
  );

/** A ServingEndpoint as the API server returns it: defaults filled in. */
export type ServingEndpoint = z.output<typeof servingEndpointSchema>;
export type ServingEndpointSpec = z.output<typeof servingEndpointSpecSchema>;
export type ServingEndpointStatus = z.output<typeof servingEndpointStatusSchema>;
export type ServedEntityStatus = z.output<typeof servedEntityStatusSchema>;
export type FailedVersion = z.output<typeof failedVersionSchema>;
export type RoutedTraffic = z.output<typeof routedTrafficSchema>;
/** A ServingEndpoint as a person writes it: defaults left out. */
export type ServingEndpointManifest = z.input<typeof servingEndpointSchema>;
