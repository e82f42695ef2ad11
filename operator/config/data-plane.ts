/** Owns the keys of data-plane tokens: how long one signs. */
import * as z from 'zod';
import { durationSchema } from '../../core/duration.ts';

export const dataPlaneSchema = z
  .strictObject({
    keyRotation: durationSchema.prefault('720h').describe('How long a key signs tokens until the next one does.'),
    propagation: durationSchema
      .prefault('10m')
      .describe('Time between publishing a new key everywhere and signing with it.'),
  })
  .refine(({ keyRotation, propagation }) => propagation < keyRotation, {
    path: ['propagation'],
    message: 'must be less than keyRotation',
  })
  .describe('Tokens of route-optimised callers.');
