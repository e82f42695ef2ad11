/** Owns how callers reach route-optimised endpoints, and how long a change of who answers them takes. */
import * as z from 'zod';
import { durationSchema } from '../../core/duration.ts';

const dnsName = z
  .string()
  .max(200)
  .regex(/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/);

export const routeOptimizedSchema = z
  .strictObject({
    port: z.int().min(1).max(65535).default(443).describe('Port of the Services that callers are led by.'),
    clusterDomain: dnsName.default('cluster.local').describe('Domain of the DNS names of Services.'),
    domain: dnsName
      .optional()
      .describe(
        'Domain for callers outside of the cluster: each endpoint is `<status.id>.<domain>` there. Have its DNS lead to the Service.',
      ),
    gatewayUrl: z
      .url({ protocol: /^https$/ })
      .optional()
      .describe('Where sidecars reach gateways; default: their Service.'),
    switchDelay: durationSchema
      .prefault('5s')
      .describe('Time within which the cluster follows a change of the addresses behind a Service.'),
    mountDelay: durationSchema
      .prefault('150s')
      .describe('Time within which a changed Secret has come to the files of pods.'),
  })
  .describe('Endpoints with spec.routeOptimized.');
