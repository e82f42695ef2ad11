/** Owns what proxies are told about the access log, and which requests have a line in it. */
import * as z from 'zod';

export const accessLogSchema = z
  .strictObject({
    sampling: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe('Share of the requests that have a line; those that failed or were slow always do.'),
    slowMs: z.int().min(0).default(5_000).describe('A request that takes so long is slow, in milliseconds.'),
  })
  .describe('A line in the log for each request, at level info; absent: none.');

export type AccessLogSettings = z.output<typeof accessLogSchema>;

/** From this status on a request has failed; 499 is one whose caller went away. */
const firstFailure = 400;

/** Returns whether a request has a line. `random` is from 0 up to 1. */
export const hasLine = (
  { sampling, slowMs }: AccessLogSettings,
  request: { readonly status: number; readonly reason: string; readonly tookMs: number },
  random: () => number,
): boolean =>
  request.status >= firstFailure ||
  request.reason !== '' ||
  request.tookMs >= slowMs ||
  (sampling > 0 && random() < sampling);
