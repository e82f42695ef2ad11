/** Owns how the replicas of a served entity follow demand: the target, and how fast they come and go. */
import * as z from 'zod';
import { atomicList, rules } from './cel.ts';

const policySchema = z
  .strictObject({
    type: z.enum(['Pods', 'Percent']).describe('Whether `value` counts replicas or is a share of them.'),
    value: z.int().min(1).max(1_000_000).describe('Greatest change within the period.'),
    periodSeconds: z.int().min(1).max(1800).describe('Length of the period.'),
  })
  .describe('How many replicas may come or go within a time.');

export type ScalingPolicy = z.output<typeof policySchema>;

/** One direction, in the fields of autoscaling/v2; what is left out comes from the configuration of the operator. */
export const scalingDirectionSchema = z.strictObject({
  stabilizationWindowSeconds: z
    .int()
    .min(0)
    .max(3600)
    .optional()
    .describe(
      'How far back recommendations count: growth follows the least of them, shrinking the greatest.',
    ),
  selectPolicy: z
    .enum(['Max', 'Min', 'Disabled'])
    .optional()
    .describe('Which policy counts: the one of the greatest or of the least change; Disabled: no change.'),
  policies: z
    .array(policySchema)
    .min(1)
    .max(8)
    .meta(atomicList)
    .optional()
    .describe('How fast replicas may come or go.'),
});

export const scalingSchema = z
  .strictObject({
    concurrencyPerReplica: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe(
        'Requests that one replica takes at one time; more wait in its queue. Turns provisioned concurrency into replicas.',
      ),
    targetUtilizationPercentage: z
      .int()
      .min(10)
      .max(100)
      .optional()
      .describe('Share of the concurrency of a replica that scaling aims at; the rest is for bursts.'),
    windowSeconds: z
      .int()
      .min(6)
      .max(300)
      .optional()
      .describe('Length of the average of the demand that scaling follows.'),
    scaleUp: scalingDirectionSchema.optional().describe('How replicas are added.'),
    scaleDown: scalingDirectionSchema
      .meta(
        rules({
          rule: "!has(self.policies) || self.policies.all(policy, policy.type != 'Percent' || policy.value <= 100)",
          message:
            'scaleDown cannot take more than 100 percent of the replicas: lower the value of the policy',
        }),
      )
      .optional()
      .describe('How replicas are taken away, down to the least; zero is scaleToZero.'),
  })
  .describe("How replicas follow demand; what is left out comes from the operator's config.");
