/** Owns how operators agree on who leads. */
import * as z from 'zod';
import { durationSchema } from '../../core/duration.ts';

export const leaderElectionSchema = z
  .strictObject({
    leaseDuration: durationSchema
      .prefault('15s')
      .describe('How long a leader that falls silent is respected by the others; in whole seconds.'),
    renewDeadline: durationSchema
      .prefault('10s')
      .describe('How long a leader may fail to renew before it leaves; shorter than the lease.'),
    retryPeriod: durationSchema.prefault('2s').describe('The pause between attempts.'),
  })
  .refine(({ leaseDuration, renewDeadline }) => renewDeadline < leaseDuration, {
    message: 'renewDeadline must be shorter than leaseDuration, or two may lead at once',
  })
  .refine(({ renewDeadline, retryPeriod }) => retryPeriod < renewDeadline, {
    message: 'retryPeriod must be shorter than renewDeadline, or one failed attempt ends the leadership',
  })
  .describe('How operators agree on who leads.');
