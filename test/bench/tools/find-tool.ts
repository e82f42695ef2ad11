/** Owns the programs that the benchmark needs from the system, and what to say when they are missing. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AppError } from '../../../platform/errors.ts';

/** By program, the package of Debian and Ubuntu that has it. */
const packages = { nginx: 'nginx-light', haproxy: 'haproxy', wrk: 'wrk' };

export type Tool = keyof typeof packages;

const pathOf = (tool: Tool): string | undefined =>
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
    .map((place) => join(place, tool))
    .find((path) => existsSync(path));

/**
 * Returns the path of `tool`.
 *
 * @throws AppError `TOOL_MISSING`, with the command that installs it.
 */
export function findTool(tool: Tool): string {
  const path = pathOf(tool);
  if (path === undefined) throw missing([tool]);
  return path;
}

/**
 * Asks for all tools at once, so that nobody learns of them one by one.
 *
 * @throws AppError `TOOL_MISSING`, with the command that installs all that are missing.
 */
export function checkTools(tools: readonly Tool[]): void {
  const absent = tools.filter((tool) => pathOf(tool) === undefined);
  if (absent.length > 0) throw missing(absent);
}

function missing(tools: readonly Tool[]): AppError {
  const names = tools.map((tool) => packages[tool]).join(' ');
  return new AppError(
    'TOOL_MISSING',
    `the benchmark needs ${tools.join(', ')}; install with (Debian, Ubuntu): apt-get install -y ${names}`,
  );
}
