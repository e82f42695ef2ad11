/** Owns how long things may take. */
import * as z from 'zod';
import { durationSchema } from '../../core/duration.ts';

const patienceSchema = z
  .strictObject({
    fetch: durationSchema
      .prefault('5m')
      .describe('A model that cannot be fetched: its server may come back, a permission may be granted.'),
    imagePull: durationSchema
      .prefault('5m')
      .describe('An image that cannot be pulled: its registry may come back.'),
    podConfig: durationSchema
      .prefault('5m')
      .describe('A pod that cannot start as written: a Secret that it needs may be made yet.'),
    crash: durationSchema
      .prefault('1m')
      .describe('A container that keeps failing, from its second failure on.'),
    refusal: durationSchema
      .prefault('5m')
      .describe('An object that the cluster refuses: a quota may grow, a name may become free.'),
  })
  .describe(
    'How long a failure that may heal has to last before an update is given up; one that cannot heal (no such model, no such runtime) ends it at once.',
  );

export const deadlinesSchema = z
  .strictObject({
    progress: durationSchema
      .prefault('20m')
      .describe('A Deployment without progress for so long has failed; covers fetching and loading.'),
    update: durationSchema
      .prefault('60m')
      .describe(
        'A config version that is not ready by then is given up, where another one is active. Time in which no operator could work on it does not count.',
      ),
    modelLoad: durationSchema
      .prefault('15m')
      .describe('A model server that is not ready by then is restarted.'),
    afterSwitch: durationSchema
      .prefault('10s')
      .describe('Time that gateways get to follow a switch of the traffic before the old Deployment goes.'),
    refusalRetry: durationSchema
      .prefault('30s')
      .describe('When what the cluster refused is tried again: a quota may have grown, a name may be free.'),
    cleanupRetry: durationSchema
      .prefault('1s')
      .describe('How often it is looked whether the objects of an earlier endpoint of the same name are gone.'),
    patience: patienceSchema.prefault({}),
  })
  .describe('How long things may take.');

export type Patience = z.output<typeof patienceSchema>;
export type Deadlines = z.output<typeof deadlinesSchema>;
