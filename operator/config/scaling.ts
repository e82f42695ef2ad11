/** Owns how replicas follow demand. */
import * as z from 'zod';
import { durationSchema } from '../../core/duration.ts';
import { scalingDirectionSchema } from '../../crds/schema/scaling.ts';

export const scalingSchema = z
  .strictObject({
    concurrencyPerReplica: z
      .int()
      .min(1)
      .max(1024)
      .default(4)
      .describe('Concurrent requests that one replica is provisioned for, unless its workload says otherwise.'),
    targetUtilization: z
      .number()
      .min(0.1)
      .max(1)
      .default(0.7)
      .describe('Share of the concurrency of a replica that scaling aims at, unless its workload does.'),
    scaleUp: scalingDirectionSchema
      .prefault({})
      .describe(
        'How replicas are added where a workload does not say; default: at once, doubled or four more in 15 seconds.',
      ),
    scaleDown: scalingDirectionSchema
      .prefault({})
      .describe('How replicas are taken away where a workload does not say; default: after 300 seconds.'),
    nativeScaleToZero: z
      .boolean()
      .default(false)
      .describe(
        'Lets the HPA itself go to zero (minReplicas: 0) where the cluster can: from Kubernetes 1.37 on, before that with its feature gate HPAScaleToZero. Elsewhere the operator goes there as without it.',
      ),
    stableWindow: durationSchema.prefault('60s').describe('Average that scaling follows.'),
    burstWindow: durationSchema
      .prefault('6s')
      .describe('Average that counts when it is twice the stable one.'),
    syncPeriod: durationSchema
      .prefault('15s')
      .describe('How often the operator decides where it scales itself, without an HPA.'),
    reportInterval: durationSchema.prefault('1s').describe('How often proxies report demand.'),
    reportExpiry: durationSchema
      .prefault('10s')
      .describe('Silence after which a proxy is no longer believed to know its demand.'),
  })
  .describe('How replicas follow demand.');
