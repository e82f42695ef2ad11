/** Owns how replicas follow demand. */
import * as z from 'zod';
import { durationSchema } from '../../core/duration.ts';

export const scalingSchema = z
  .strictObject({
    concurrencyPerReplica: z
      .int()
      .min(1)
      .default(4)
      .describe('Concurrent requests that one replica is provisioned for.'),
    targetUtilization: z
      .number()
      .min(0.1)
      .max(1)
      .default(0.7)
      .describe('Share of the concurrency of a replica that the HPA aims at.'),
    stableWindow: durationSchema.prefault('60s').describe('Average that the HPA follows.'),
    burstWindow: durationSchema
      .prefault('6s')
      .describe('Average that counts when it is twice the stable one.'),
    reportInterval: durationSchema.prefault('1s').describe('How often proxies report demand.'),
    reportExpiry: durationSchema
      .prefault('10s')
      .describe('Silence after which a proxy is no longer believed to know its demand.'),
    scaleDownStabilization: durationSchema
      .prefault('300s')
      .describe('How long the HPA waits before it takes replicas away.'),
  })
  .describe('How replicas follow demand.');
