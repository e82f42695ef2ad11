/** Owns what the gateway process is told at its start. */
import * as z from 'zod';
import { accessLogSchema } from '../../core/access-log/access-log-settings.ts';
import { tracingSchema } from '../../core/tracing/tracing-settings.ts';
import { longestWakeMs } from '../../core/holding/patience.ts';
import { identitySettings } from '../../platform/identity/identity-settings.ts';
import { logLevels } from '../../platform/logging.ts';
import { limitStoreSchema } from '../limit-store/config.ts';
import { rowSettingsShape } from '../rows/row-settings.ts';

const portSchema = z.int().min(0).max(65535);
const millisecondsSchema = z.int().min(0);

export const gatewayConfigSchema = z.object({
  host: z.string().default('0.0.0.0').describe('Address to listen on.'),
  http: z.boolean().default(true).describe('Whether users are served without TLS, at `port`.'),
  port: portSchema.default(8080).describe('The port that serves users without TLS; 0 takes a free one.'),
  tls: z.boolean().default(false).describe('Whether users are served over TLS, at `tlsPort`.'),
  tlsPort: portSchema.default(8443).describe('The port that serves users over TLS; 0 takes a free one.'),
  frontTlsDir: z
    .string()
    .default('/etc/fairlead/front-tls')
    .describe('Directory of tls.crt and tls.key that users are shown; watched.'),
  direct: z
    .boolean()
    .default(false)
    .describe(
      'Whether callers of route-optimised endpoints are served while those are at zero, at `directPort`.',
    ),
  directPort: portSchema.default(8444).describe('The port that serves them (TLS); 0 takes a free one.'),
  directTlsDir: z
    .string()
    .default('/etc/fairlead/direct-tls')
    .describe('Directory of tls.crt, tls.key and ca.crt that they are shown; watched.'),
  dataPlaneKeysFile: z
    .string()
    .default('/etc/fairlead/data-plane-keys/jwks.json')
    .describe('The public keys of their tokens; watched.'),
  adminHost: z.string().optional().describe('Address of the admin port; default: that of `host`.'),
  adminPort: portSchema.default(9090).describe('Admin port; 0 takes a free one.'),
  logLevel: z
    .enum(logLevels)
    .default('info')
    .describe('Least level that is logged; debug has an access log in any case.'),
  namespace: z
    .string()
    .min(1)
    .default('default')
    .describe('Namespace of endpoints that are asked for without one.'),
  domain: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/i)
    .optional()
    .describe(
      'Domain below which host names say who is asked: `<namespace>.<domain>`, and `<endpoint>.<namespace>.<domain>`, which gRPC needs. Have its DNS lead to the gateway.',
    ),
  systemNamespace: z.string().min(1).default('fairlead-system').describe('Where Fairlead itself runs.'),
  trustDomain: z.string().min(1).default('cluster.local').describe('Trust domain of the mTLS identities.'),
  serviceAccountDir: z.string().optional().describe("Where the pod's ServiceAccount is mounted."),
  kubeconfig: z.string().optional().describe('A kubeconfig to use in place of the ServiceAccount.'),
  tlsDir: z
    .string()
    .default('/etc/fairlead/tls')
    .describe('Directory of tls.crt, tls.key and ca.crt of the gateway; watched.'),
  apiUrl: z
    .url({ protocol: /^https$/ })
    .default('https://fairlead-api.fairlead-system.svc:8443')
    .describe('The api process, which answers what is no request for a model.'),
  demandUrl: z
    .url()
    .default('https://fairlead-operator.fairlead-system.svc:8444/v1/demand')
    .describe('Where demand is reported.'),
  demandIntervalMs: z.int().min(100).default(1_000).describe('Time between two demand reports.'),
  ...identitySettings,
  maxBodyBytes: z
    .int()
    .min(1)
    .default(16 * 1024 * 1024)
    .describe('Greatest request body.'),
  clientIdleTimeoutMs: z
    .int()
    .min(1_000)
    .default(75_000)
    .describe(
      'How long connections of callers are kept when idle: longer than a load balancer before it does, or it sends into closing ones.',
    ),
  headTimeoutMs: z
    .int()
    .min(100)
    .default(30_000)
    .describe('For the head of a request, from its first byte to its last.'),
  bodyIdleTimeoutMs: z.int().min(100).default(30_000).describe("Between two pieces of a request's body."),
  connectTimeoutMs: millisecondsSchema.default(2_000).describe('For a connection to a pod.'),
  firstByteTimeoutMs: millisecondsSchema.default(297_000).describe('Until a pod begins to answer; 0: none.'),
  idleTimeoutMs: millisecondsSchema.default(120_000).describe('Between two bytes of an answer; 0: none.'),
  totalTimeoutMs: millisecondsSchema
    .default(297_000)
    .describe('For a whole request, the time that it is held included; 0: none.'),
  holdRequests: z.int().min(0).default(5_000).describe('Most requests held while endpoints start.'),
  holdBytes: z
    .int()
    .min(0)
    .default(256 * 1024 * 1024)
    .describe('Most bytes of their bodies.'),
  holdRequestsPerEndpoint: z
    .int()
    .min(0)
    .default(1_000)
    .describe('Most requests held for one endpoint; users share the places fairly.'),
  holdBytesPerEndpoint: z
    .int()
    .min(0)
    .default(64 * 1024 * 1024)
    .describe('Most bytes of their bodies.'),
  holdQueueTimeoutMs: millisecondsSchema
    .default(60_000)
    .describe('How long a request waits for room while replicas are ready; then 429.'),
  holdWakeTimeoutMs: millisecondsSchema
    .max(longestWakeMs)
    .default(0)
    .describe(
      'How long a request waits for a first replica; then 503. 0: three times as long as the model was seen to take, one minute at least and 297 s at most.',
    ),
  holdPingMs: millisecondsSchema
    .default(15_000)
    .describe(
      'After what time, and how often, a held request that accepts text/event-stream gets a comment, so that load balancers do not end its connection; 0: never.',
    ),
  retryAttempts: z
    .int()
    .min(0)
    .max(5)
    .default(2)
    .describe('Most further attempts of a request, where its endpoint does not say.'),
  retryBudgetPercent: z
    .int()
    .min(0)
    .max(100)
    .default(20)
    .describe(
      'Most further attempts of all requests of an endpoint within 10 s, in percent of these; 10 are always allowed. 0: none.',
    ),
  ejectionFailures: z
    .int()
    .min(0)
    .default(5)
    .describe('Failures in a row after which a replica is taken out of traffic; 0: never.'),
  ejectionMs: z
    .int()
    .min(100)
    .default(10_000)
    .describe('For how long, the first time; each repetition doubles it, up to 5 minutes.'),
  ejectionMaxPercent: z
    .int()
    .min(0)
    .max(100)
    .default(50)
    .describe('Most replicas of a served entity that are out at one time; one always stays.'),
  limitCaution: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Part of each limit that it gives out before the operator has told it its share.'),
  limitShareWaitMs: millisecondsSchema
    .default(4_000)
    .describe('How long it stays unready after its start while it does not have its share of the limits.'),
  limitStore: limitStoreSchema.optional(),
  ...rowSettingsShape,
  accessLog: accessLogSchema.optional(),
  tracing: tracingSchema.optional(),
  drainMs: millisecondsSchema
    .default(5_000)
    .describe('How long it serves on after SIGTERM, unready, so that load balancers learn of it.'),
  shutdownGraceMs: millisecondsSchema
    .default(300_000)
    .describe('How long requests under way may take after that.'),
});

export type GatewayConfig = z.output<typeof gatewayConfigSchema>;
