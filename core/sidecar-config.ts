/** Owns the file through which the operator tells a sidecar what it guards: rendered by one, read by the other. */
import * as z from 'zod';
import { accessLogSchema } from './access-log/access-log-settings.ts';
import { accountingPlanSchema } from './accounting/accounting-plan.ts';
import { dataPlaneKeySchema } from './data-plane/token.ts';
import { rateLimitSchema } from '../crds/schema/governance.ts';
import { tracingSchema } from './tracing/tracing-settings.ts';

const portSchema = z.int().min(1).max(65535);
const millisecondsSchema = z.int().min(0);

export const sidecarConfigSchema = z.strictObject({
  endpoint: z
    .strictObject({ namespace: z.string().min(1), name: z.string().min(1), uid: z.string() })
    .describe('The ServingEndpoint that the pod belongs to.'),
  servedEntity: z
    .string()
    .min(1)
    .describe('Name of the served entity; answered as header served-model-name.'),
  deployment: z.string().min(1).describe('Name of the Deployment; labels demand and metrics.'),
  modelServer: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: portSchema,
      grpcPort: portSchema.optional().describe('Where it takes gRPC (HTTP/2 in the clear), if it does.'),
      healthPath: z.string().startsWith('/'),
      livenessPath: z.string().startsWith('/'),
      invocationsPath: z.string().startsWith('/'),
      metrics: z
        .strictObject({ port: portSchema, path: z.string().startsWith('/') })
        .optional()
        .describe('Where it tells its metrics; passed on at /model/metrics of the admin port.'),
    })
    .describe('The model server beside the sidecar.'),
  concurrency: z
    .strictObject({
      limit: z.int().min(0).describe('Requests at the model server at one time; 0: no limit.'),
      queue: z.int().min(0).describe('Requests that may wait for a turn; the next one is refused with 429.'),
      queueTimeoutMs: millisecondsSchema.describe('How long one may wait for its turn.'),
    })
    .describe('Bounds on what the model server is given.'),
  rateLimits: z
    .array(rateLimitSchema)
    .describe('Limits applied to callers whom no other hop has accounted yet.'),
  appliesLimits: z
    .boolean()
    .default(false)
    .describe('Whether callers reach the sidecars directly: they and the gateways then share the limits.'),
  accounting: accountingPlanSchema
    .optional()
    .describe('What is accounted of requests whose first hop this is; absent: nothing.'),
  accessLog: accessLogSchema.optional(),
  tracing: tracingSchema.optional(),
  maxBodyBytes: z.int().min(1).describe('Greatest request body.'),
  timeouts: z
    .strictObject({
      connectMs: millisecondsSchema,
      firstByteMs: millisecondsSchema,
      idleMs: millisecondsSchema.describe('Between two bytes of an answer.'),
      totalMs: millisecondsSchema,
    })
    .describe('Deadlines of one request, phase by phase.'),
  peers: z
    .strictObject({
      trustedForwarders: z
        .array(z.string().startsWith('spiffe://'))
        .describe('Identities whose word on the caller counts.'),
    })
    .describe('Who may connect.'),
  demand: z
    .strictObject({
      url: z.url().describe('Where demand is reported.'),
      identity: z.string().startsWith('spiffe://').describe('The identity that the receiver must prove.'),
      intervalMs: z.int().min(100),
    })
    .describe('Demand reports to the operator.'),
  drain: z
    .strictObject({
      quietMs: millisecondsSchema.describe('Quiet time after which a drain is over.'),
      maxMs: millisecondsSchema.describe('Greatest length of a drain.'),
    })
    .describe('How the sidecar lets go.'),
  routeOptimized: z
    .strictObject({
      publicName: z.string().min(1).describe('By which callers name the endpoint.'),
      identity: z
        .string()
        .startsWith('spiffe://')
        .describe('The identity that all sidecars of the endpoint share, by which they know one another.'),
      keys: z.array(dataPlaneKeySchema).describe('Public keys of data-plane tokens.'),
      gateway: z
        .strictObject({ url: z.url(), identity: z.string().startsWith('spiffe://') })
        .describe(
          'Where requests go for an entity without a replica; the identity that must be proven there.',
        ),
    })
    .optional()
    .describe('Where callers come to the sidecar themselves, with a data-plane token; absent: they do not.'),
});

export type SidecarConfig = z.output<typeof sidecarConfigSchema>;
