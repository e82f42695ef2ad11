/** Owns what the operator answers to a report of demand: how limits are divided, and where requests go. */
import * as z from 'zod';
import { shareAnswerSchema } from '../quota/share-report.ts';
import { directionsSchema } from '../routing/directions.ts';

/** What is absent stays as it is. Fields that are not known are left aside: an operator may be newer than the proxy. */
export const demandAnswerSchema = z.object({
  limits: shareAnswerSchema.optional().describe('For those who share limits.'),
  directions: directionsSchema.optional().describe('For sidecars that ask for them and have older ones.'),
});

export type DemandAnswer = z.output<typeof demandAnswerSchema>;
