/** Owns how much a served entity gets: hardware type, concurrency bounds, and scale to zero. */
import * as z from 'zod';
import { rules } from './cel.ts';
import { scalingSchema } from './scaling.ts';

export const workloadTypes = [
  'CPU',
  'CPU_MEDIUM',
  'CPU_LARGE',
  'GPU_SMALL',
  'GPU_MEDIUM',
  'GPU_MEDIUM_8',
  'GPU_LARGE',
  'GPU_LARGE_2',
  'GPU_XLARGE',
  'GPU_XLARGE_8',
  'MULTIGPU_MEDIUM',
] as const;

/** Operators may define more types than those that every cluster has. */
export const workloadTypeName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[A-Z][A-Z0-9_]*$/);

const workloadSizes = ['Small', 'Medium', 'Large'] as const;

/** Durations as Go writes them, without sign, in the units that make sense for people: 10s, 30m, 1h30m, 500ms. */
export const durationPattern = /^([0-9]+(ms|s|m|h))+$/;

const scaleToZeroSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Whether an idle entity goes to zero replicas; the next request wakes it.'),
    idleAfter: z
      .string()
      .max(32)
      .regex(durationPattern)
      .default('30m')
      .meta(
        rules({
          rule: "duration(self) >= duration('1s')",
          message: 'idleAfter must be at least 1s, e.g. 10s, 30m, 1h30m',
        }),
      )
      .describe('How long no request may be seen before the entity goes to zero, e.g. 10s, 30m, 1h.'),
  })
  .describe('Scale to zero and back.');

export const workloadSchema = z
  .strictObject({
    type: workloadTypeName
      .default('CPU')
      .describe(
        "Hardware, e.g. CPU, CPU_LARGE, GPU_SMALL; mapped to resources and nodes by the operator's config.",
      ),
    size: z
      .enum(workloadSizes)
      .optional()
      .describe('Provisioned concurrency: Small 4-4, Medium 8-16, Large 16-64. Default Small.'),
    minConcurrency: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe(
        'Least provisioned concurrency while any replica runs; instead of size. Zero is scaleToZero.',
      ),
    maxConcurrency: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe('Most provisioned concurrency; instead of size.'),
    scaleToZero: scaleToZeroSchema.prefault({}),
    scaling: scalingSchema.prefault({}),
  })
  .meta(
    rules(
      {
        rule: '!(has(self.size) && (has(self.minConcurrency) || has(self.maxConcurrency)))',
        message: 'size excludes minConcurrency and maxConcurrency: set either the size or the bounds',
      },
      {
        rule: 'has(self.minConcurrency) == has(self.maxConcurrency)',
        message: 'minConcurrency and maxConcurrency must be set together',
      },
      {
        rule: '!(has(self.minConcurrency) && has(self.maxConcurrency)) || self.minConcurrency <= self.maxConcurrency',
        message: 'minConcurrency must not be greater than maxConcurrency',
      },
      {
        rule: '!has(self.maxConcurrency) || !has(self.scaling) || !has(self.scaling.concurrencyPerReplica) || self.scaling.concurrencyPerReplica <= self.maxConcurrency',
        message:
          'scaling.concurrencyPerReplica must not be greater than maxConcurrency: one replica would be more than the most that is wanted',
      },
    ),
  )
  .describe('Hardware and scale of a served entity.');

export type Workload = z.output<typeof workloadSchema>;
