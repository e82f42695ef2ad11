/** Owns the programs of the benchmark that are built from Go modules, each pinned by a module of its own beside this file. */
import { spawnSync } from 'node:child_process';
import { buildGoProgram, hasGo } from '../../../e2e/harness/go-program.ts';
import type { GoBuild, GoProgram } from '../../../e2e/harness/go-program.ts';
import { logFileOf } from './home.ts';

/** Sends requests at a constant rate, whether or not the answers come. */
export const vegetaProgram: GoProgram = {
  name: 'vegeta',
  folder: 'test/bench/tools/vegeta',
  packagePath: 'github.com/tsenart/vegeta/v12',
  variables: { 'main.Version': 'v12.13.0' },
};

/** What Knative puts beside each of its containers. */
export const queueProxyProgram: GoProgram = {
  name: 'queue-proxy',
  folder: 'test/bench/tools/queue-proxy',
  packagePath: 'knative.dev/serving/cmd/queue',
  variables: {},
};

/** Release of the module that `queue-proxy/go.mod` names. */
export const queueProxyVersion = 'v0.48.0';

/**
 * Builds `program`, or returns why there is none.
 *
 * @throws AppError `COMMAND_FAILED` with the end of the compiler's output.
 */
export function buildTool(program: GoProgram): Promise<GoBuild> {
  return buildGoProgram(program, { logFile: logFileOf(program.name), signal: new AbortController().signal });
}

/** Returns the version of Go; `none` where there is none. */
export const goVersion = (): string =>
  hasGo() ? spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).stdout.trim() : 'none';
