/** Owns what the sidecar beside each model server is told. */
import * as z from 'zod';
import { accessLogSchema } from '../../core/access-log/access-log-settings.ts';
import { durationSchema } from '../../core/duration.ts';
import { tracingSchema } from '../../core/tracing/tracing-settings.ts';
import { resourcesSchema } from './resources.ts';

export const sidecarSchema = z
  .strictObject({
    resources: resourcesSchema.default({
      requests: { cpu: '50m', memory: '64Mi' },
      limits: { memory: '192Mi' },
    }),
    queuePerSlot: z
      .int()
      .min(0)
      .default(10)
      .describe('Requests that may wait per request that the model server takes at one time.'),
    queueTimeout: durationSchema.prefault('60s').describe('How long a request may wait in the sidecar.'),
    maxBodyBytes: z
      .int()
      .min(1)
      .default(16 * 1024 * 1024)
      .describe('Greatest request body.'),
    connectTimeout: durationSchema.prefault('2s').describe('Deadline for a connection to the model server.'),
    firstByteTimeout: durationSchema.prefault('297s').describe('Deadline for the first byte of an answer.'),
    idleTimeout: durationSchema.prefault('297s').describe('Greatest silence between two bytes of an answer.'),
    totalTimeout: durationSchema.prefault('297s').describe('Deadline of a request as a whole.'),
    payloadLog: z
      .strictObject({
        volume: z
          .record(z.string(), z.unknown())
          .describe('Source of the volume, as in a pod: `{ emptyDir: { sizeLimit: 1Gi } }`.'),
        maxBytes: z
          .int()
          .min(1)
          .default(512 * 1024 * 1024)
          .describe('Most bytes of all files there; the oldest make room for new ones.'),
      })
      .optional()
      .describe(
        'Where the sidecars of route-optimised endpoints write payload and usage logs; absent: nowhere, the rows are counted.',
      ),
    accessLog: accessLogSchema.optional(),
    tracing: tracingSchema.optional(),
    drainQuiet: durationSchema
      .prefault('5s')
      .describe('Time without a new request after which a pod may go.'),
    drainMax: durationSchema
      .optional()
      .describe('Greatest time that a pod takes to let go; default: totalTimeout and 3 s more.'),
  })
  // A request that was taken on is answered, however long it may take.
  .transform((sidecar) => ({ ...sidecar, drainMax: sidecar.drainMax ?? sidecar.totalTimeout + 3_000 }))
  .describe('The sidecar beside each model server.');
