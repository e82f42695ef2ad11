/** Owns the load that is as great as can be answered: wrk with one thread and 32 connections that it keeps. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findTool } from '../../tools/find-tool.ts';
import { body, headers } from './request.ts';

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx and 3xx, and socket errors. */
  readonly errors: number;
}

/** What is asked: one path, or many in turn. */
export interface Aim {
  /** `http://host:port`, or `https`: certificates are not checked. */
  readonly origin: string;
  readonly paths: readonly [string, ...string[]];
}

/** Returns the script of wrk that sends the request, to `paths` in turn where they are many, and prints what `runLoad` reads. */
export const makeScript = (paths: readonly string[]): string => `
wrk.method = "POST"
wrk.body = [==[${body}]==]
${Object.entries(headers)
  .map(([name, value]) => `wrk.headers["${name}"] = "${value}"`)
  .join('\n')}
${paths.length === 1 ? '' : inTurn(paths)}
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`;

/** A function that is called for each request slows wrk down, so there is none where all are the same. */
const inTurn = (paths: readonly string[]): string => `
local requests, turn = {}, 0
init = function()
  for _, path in ipairs({${paths.map((path) => `"${path}"`).join(', ')}}) do
    requests[#requests + 1] = wrk.format(nil, path)
  end
end
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end`;

/**
 * Loads `aim` for `seconds`; scratch files go to `directory`.
 *
 * @throws Error when wrk prints no result.
 */
export async function runLoad(aim: Aim, seconds: number, directory: string): Promise<LoadResult> {
  const path = join(directory, 'post.lua');
  writeFileSync(path, makeScript(aim.paths));
  const args = ['-t1', '-c32', `-d${seconds}s`, '--timeout', '10s', '-s', path, aim.origin + aim.paths[0]];
  const { stdout } = await promisify(execFile)(findTool('wrk'), args);
  return parseResult(stdout);
}

/**
 * Reads what the script printed.
 *
 * @throws Error when it printed nothing.
 */
export function parseResult(stdout: string): LoadResult {
  const [, requests = 0, micros = 0, p50 = 0, p99 = 0, errors = 0] =
    /RESULT (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(stdout)?.map(Number) ?? [];
  if (micros === 0) throw new Error(`wrk printed no result:\n${stdout}`);
  return {
    requests,
    requestsPerSecond: requests / (micros / 1e6),
    p50Ms: p50 / 1_000,
    p99Ms: p99 / 1_000,
    errors,
  };
}
