/** Owns the report of demand that proxies push to the operator, once a second and at the first held request. */
import * as z from 'zod';
import { fetchProgressSchema } from '../fetching/fetch-progress.ts';
import { shareReportSchema } from '../quota/share-report.ts';

const countSchema = z.int().min(0);

/** How far back a proxy tells what it knows to an operator that it reports to for the first time. */
export const historyMs = 60_000;

/** Stretches of one level, so that a minute of silence is one entry. */
const stretchSchema = z.object({
  averageConcurrency: z.number().min(0),
  durationMs: z.number().min(0).max(historyMs),
});

/**
 * Demand of one Deployment as one proxy saw it since its previous report. A gateway counts only what it holds, a
 * sidecar only what reached it, so that the sum over reporters counts each request once. Fields that are not known are
 * left aside: a proxy may be newer than the operator.
 */
export const demandEntrySchema = z.object({
  namespace: z.string().min(1).max(63),
  endpoint: z.string().min(1).max(63),
  deployment: z.string().min(1).max(63),
  inFlight: countSchema.describe('At the model server now.'),
  queued: countSchema.describe('Waiting for a turn, or held while nothing is ready.'),
  finished: countSchema.describe('Answered since the previous report.'),
  averageConcurrency: z
    .number()
    .min(0)
    .describe('In flight plus queued, averaged over the time since the previous report.'),
  idleMs: z
    .number()
    .min(0)
    .optional()
    .describe('For how long there has been no demand, and the proxy has been there to see it.'),
  history: z
    .array(stretchSchema)
    .max(historyMs / 1000 + 1)
    .optional()
    .describe('What was before, oldest first, up to where this report begins: for an operator that is new.'),
  fetchProgress: fetchProgressSchema
    .optional()
    .describe("From a sidecar: how far the fetch of its pod's model is, while it goes on."),
});

export const demandReportSchema = z.object({
  reporter: z
    .string()
    .min(1)
    .max(253)
    .describe('Pod name of the proxy; with `instance` it identifies the process.'),
  instance: z
    .string()
    .min(1)
    .max(64)
    .describe('Random identifier of the process: a restart is a new reporter.'),
  intervalMs: z.int().min(0).describe('Length of the time that the entries cover.'),
  entries: z.array(demandEntrySchema).max(10_000),
  limits: shareReportSchema.optional().describe('The limits that it shares with other proxies.'),
  limitStoreUp: z
    .boolean()
    .optional()
    .describe('From a gateway with a store that limits are counted in: whether it answers.'),
  directions: z
    .string()
    .max(64)
    .optional()
    .describe(
      'From a sidecar that passes requests on: the version of the directions that it has; empty: none.',
    ),
});

export type DemandStretch = z.output<typeof stretchSchema>;
export type DemandEntry = z.output<typeof demandEntrySchema>;
export type DemandReport = z.output<typeof demandReportSchema>;
