/** Owns how much one namespace may have. */
import * as z from 'zod';
import { durationSchema } from '../../core/duration.ts';

export const limitsSchema = z
  .strictObject({
    endpointsPerNamespace: z
      .int()
      .min(1)
      .default(1_000)
      .describe('ServingEndpoints that a namespace may have; existing ones stay when it is lowered.'),
    writesPerWindow: z
      .int()
      .min(1)
      .default(50)
      .describe('Creations of endpoints and changes of their specs that a namespace may have in a window.'),
    writeWindow: durationSchema.prefault('5m').describe('Length of that window.'),
  })
  .describe('What one namespace may have; enforced by the admission webhook.');
