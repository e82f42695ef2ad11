/** Owns the load: wrk with one thread and 32 connections, posting a small dataframe with a bearer token. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findTool } from '../tools.ts';

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx and 3xx, and socket errors. */
  readonly errors: number;
}

export const token = 'bench-token-0123456789abcdef0123456789abcdef';

/** 150 bytes, as design §8 has it. */
export const body = JSON.stringify({
  dataframe_split: {
    columns: ['sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'],
    data: [[5.1, 3.5, 1.4, 0.2]],
  },
}).padEnd(150);

const script = `
wrk.method = "POST"
wrk.body = [==[${body}]==]
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer ${token}"
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`;

/** Loads `url` for `seconds`; scratch files go to `directory`. */
export async function runLoad(url: string, seconds: number, directory: string): Promise<LoadResult> {
  const path = join(directory, 'post.lua');
  writeFileSync(path, script);
  const args = ['-t1', '-c32', `-d${seconds}s`, '--timeout', '10s', '-s', path, url];
  const { stdout } = await promisify(execFile)(findTool('wrk'), args);
  const [, requests, micros, p50, p99, errors] =
    /RESULT (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(stdout)?.map(Number) ?? [];
  if (requests === undefined || micros === undefined) throw new Error(`wrk printed no result:\n${stdout}`);
  return {
    requests,
    seconds: micros / 1e6,
    requestsPerSecond: requests / (micros / 1e6),
    p50Ms: (p50 ?? 0) / 1000,
    p99Ms: (p99 ?? 0) / 1000,
    errors: errors ?? 0,
  };
}
