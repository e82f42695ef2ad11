/** Owns how long things may take. */
import * as z from 'zod';
import { durationSchema } from '../../core/duration.ts';

export const deadlinesSchema = z
  .strictObject({
    progress: durationSchema
      .prefault('20m')
      .describe('A Deployment without progress for so long has failed; covers fetching and loading.'),
    modelLoad: durationSchema
      .prefault('15m')
      .describe('A model server that is not ready by then is restarted.'),
    afterSwitch: durationSchema
      .prefault('10s')
      .describe('Time that gateways get to follow a switch of the traffic before the old Deployment goes.'),
    refusalRetry: durationSchema
      .prefault('30s')
      .describe('When what the cluster refused is tried again: a quota may have grown, a name may be free.'),
  })
  .describe('How long things may take.');
