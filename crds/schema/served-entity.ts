/** Owns one served entity of an endpoint: its name, model, workload, environment and pod overlay. */
import * as z from 'zod';
import { listMap, rules } from './cel.ts';
import { externalModelSchema, foundationModelSchema, modelSchema } from './model-source.ts';
import { workloadSchema } from './workload.ts';

export const servedEntityName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$/);

const environmentVariable = z
  .looseObject({
    name: z.string().min(1).max(253).describe('Name of the variable.'),
    value: z.string().max(65536).optional().describe('Value; $(VAR) is expanded as in a container.'),
    valueFrom: z.looseObject({}).optional().describe('Source of the value, as in a container.'),
  })
  .describe('An environment variable of the model server, as in a container.');

export const servedEntitySchema = z
  .strictObject({
    name: servedEntityName.describe(
      'Name of the entity, unique in the endpoint; <model>-<version> is customary.',
    ),
    model: modelSchema.optional(),
    externalModel: externalModelSchema.optional(),
    foundationModel: foundationModelSchema.optional(),
    workload: workloadSchema.prefault({}),
    env: z
      .array(environmentVariable)
      .max(30)
      .meta(listMap('name'))
      .optional()
      .describe('Environment of the model server; at most 30 variables.'),
    template: z
      .looseObject({})
      .optional()
      .describe(
        'Strategic merge overlay on the pod template; unknown fields survive untouched. The containers sidecar and fetch-model can be tuned (resources, more env, envFrom and volumeMounts), not replaced.',
      ),
  })
  .meta(
    rules(
      {
        rule: '(has(self.model) ? 1 : 0) + (has(self.externalModel) ? 1 : 0) + (has(self.foundationModel) ? 1 : 0) == 1',
        message: 'exactly one of model, externalModel and foundationModel must be set',
      },
      {
        rule: 'has(self.externalModel) == has(oldSelf.externalModel)',
        message:
          'a served entity cannot change between externalModel and a model that is served here: add another entity and remove this one',
      },
      {
        rule: '!has(self.externalModel) || (!has(self.env) && !has(self.template))',
        message:
          'env and template need a pod: remove them, or set model or foundationModel instead of externalModel',
      },
    ),
  )
  .describe('One model that the endpoint serves.');

export type ServedEntity = z.output<typeof servedEntitySchema>;
