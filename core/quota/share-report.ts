/** Owns what proxies tell the leader of the limits that they share, and what it answers: parts of the demand report. */
import * as z from 'zod';

/** Most counters of one pool that a report or an answer speaks of; the others have the pool's part. */
export const maxSharedCounters = 2_000;

/** A counter with a longer name (some identity provider's) is not spoken of either. */
export const longestSharedId = 1_024;

/** The pool of all gateways; that of a route-optimised endpoint is `namespace/name`, its sidecars included. */
export const gatewayPool = '';

const amountSchema = z.number().min(0);

const counterReportSchema = z.object({
  id: z
    .string()
    .min(1)
    .max(longestSharedId)
    .describe('The same at every proxy; another limit is another counter.'),
  limit: z.int().min(0).describe('Per minute, of all proxies together.'),
  allowed: amountSchema.describe(
    'What the proxy may give out per minute as it is, or has given out in this one.',
  ),
  used: amountSchema.describe('What it has given out in this minute; 0 where nothing of the past counts.'),
  wanted: amountSchema.describe('What it was asked for since its previous report.'),
});

const poolReportSchema = z.object({
  pool: z.string().max(127),
  fraction: z.number().min(0).max(1).describe('Its part of every limit that is not reported by itself.'),
  isTold: z.boolean().describe('Whether a leader has told it that part, or it takes one for the time being.'),
  counters: z
    .array(counterReportSchema)
    .max(maxSharedCounters)
    .describe('Those that are in demand, and all that the leader has told of.'),
});

export const shareReportSchema = z.object({
  leaving: z
    .boolean()
    .default(false)
    .describe('The proxy gives out no more. Its counters are all that it has used in this minute.'),
  pools: z.array(poolReportSchema).max(50_000),
});

const counterAnswerSchema = z.object({
  id: z.string(),
  limit: amountSchema,
  allowed: amountSchema.describe('Per minute, for this proxy.'),
  used: amountSchema.describe('What all have used in this minute, by their last reports.'),
});

/** A counter that it does not name has the pool's part; a pool that it does not name stays as it is. */
export const shareAnswerSchema = z.object({
  pools: z.array(
    z.object({
      pool: z.string(),
      fraction: z.number().min(0).max(1),
      isFair: z
        .boolean()
        .describe('Whether that is all of its part; else others have yet to give some of it up.'),
      counters: z.array(counterAnswerSchema),
    }),
  ),
});

export type CounterReport = z.output<typeof counterReportSchema>;
export type PoolReport = z.output<typeof poolReportSchema>;
export type ShareReport = z.output<typeof shareReportSchema>;
export type ShareAnswer = z.output<typeof shareAnswerSchema>;
export type PoolAnswer = ShareAnswer['pools'][number];
