/** Owns how far the fetch of a model is, as the fetcher tells its sidecar and the sidecar tells the operator. */
import * as z from 'zod';

/** A pebibyte: no model is as large, and what is larger is no number of bytes. */
const bytesSchema = z
  .int()
  .min(0)
  .max(2 ** 50);

/** Fields that are not known are left aside: a fetcher may be newer than the sidecar, and a sidecar than the operator. */
export const fetchProgressSchema = z.object({
  bytes: bytesSchema.describe('So many are there.'),
  totalBytes: bytesSchema.optional().describe('So many it will be, where the source tells that beforehand.'),
});

export type FetchProgress = z.output<typeof fetchProgressSchema>;

/** The two numbers and their names take less than a third of it. */
export const longestProgressFile = 256;

/** Returns whether there is anything to show: at first, and all the time from some stores, neither number is known. */
export const isTelling = ({ bytes, totalBytes }: FetchProgress): boolean =>
  bytes > 0 || totalBytes !== undefined;

/** Returns what a progress file says; undefined where that is nothing that a fetcher of ours would write. */
export function parseFetchProgress(text: string): FetchProgress | undefined {
  if (text.length > longestProgressFile) return undefined;
  try {
    return fetchProgressSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // No JSON: written by somebody else.
    return undefined;
  }
}
