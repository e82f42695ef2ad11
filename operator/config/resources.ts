/** Owns how the resources of a container are given. */
import * as z from 'zod';

export const resourcesSchema = z
  .strictObject({
    requests: z.record(z.string(), z.string()).default({}).describe('As in a container.'),
    limits: z.record(z.string(), z.string()).default({}).describe('As in a container.'),
  })
  .describe('Resources of a container.');
