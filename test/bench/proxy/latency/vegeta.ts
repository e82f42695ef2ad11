/** Owns requests at a constant rate, sent whether or not earlier ones are answered: what a slow answer does to others counts. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { body, headers } from '../load/request.ts';

/** Milliseconds from the moment at which a request was due. */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const run = promisify(execFile);

/**
 * Sends `perSecond` requests to `url` for `seconds`; scratch files go to `directory`.
 *
 * @throws Error when a request failed, with what the answers were.
 */
export async function attack(
  vegeta: string,
  url: string,
  options: { readonly perSecond: number; readonly seconds: number; readonly directory: string },
): Promise<Latency> {
  const { perSecond, seconds, directory } = options;
  const bodyFile = join(directory, 'body.json');
  writeFileSync(bodyFile, body);
  const targets = join(directory, 'targets');
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  writeFileSync(targets, [`POST ${url}`, ...head, `@${bodyFile}`, ''].join('\n'));
  const results = join(directory, 'results');
  const flags = [`-rate=${perSecond}/1s`, `-duration=${seconds}s`, `-targets=${targets}`, '-timeout=10s'];
  await run(vegeta, ['attack', ...flags, `-output=${results}`]);
  const { stdout } = await run(vegeta, ['report', '-type=json', results]);
  return parseReport(stdout);
}

const reportSchema = z.object({
  latencies: z.object({ '50th': z.number(), '99th': z.number(), max: z.number() }),
  success: z.number(),
  status_codes: z.record(z.string(), z.number()),
});

/**
 * Reads the report of a run, whose times are nanoseconds.
 *
 * @throws Error when a request failed, with what the answers were.
 */
export function parseReport(json: string): Latency {
  const { latencies, success, status_codes: codes } = reportSchema.parse(JSON.parse(json));
  if (success < 1) {
    const answers = Object.entries(codes).map(([code, count]) => `${code}: ${count}`);
    throw new Error(`requests failed (${answers.join(', ')}): the figures would mean nothing`);
  }
  return {
    p50Ms: latencies['50th'] / 1e6,
    p99Ms: latencies['99th'] / 1e6,
    maxMs: latencies.max / 1e6,
  };
}
