/** Owns durations as people write them in specs and configuration: 500ms, 10s, 30m, 1h30m. */
import * as z from 'zod';
import { durationPattern } from '../crds/schema/workload.ts';
import { AppError } from '../platform/errors.ts';

const millisecondsOf = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/**
 * Returns a duration in milliseconds.
 *
 * @throws AppError `DURATION_INVALID` for text that the API's schema would refuse.
 */
export function parseDuration(text: string): number {
  if (!durationPattern.test(text)) {
    throw new AppError(
      'DURATION_INVALID',
      `"${text}" is not a duration; write it as 500ms, 10s, 30m or 1h30m`,
    );
  }
  let total = 0;
  for (const [, count, unit] of text.matchAll(/([0-9]+)(ms|s|m|h)/g)) {
    total += Number(count) * millisecondsOf[unit as keyof typeof millisecondsOf];
  }
  return total;
}

/** A field of a configuration: written as a duration, read as milliseconds. */
export const durationSchema = z.string().regex(durationPattern).transform(parseDuration);
