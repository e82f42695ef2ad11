/** Owns the building of programs from Go modules: once, kept by what they were built from. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from '../../quickstart/processes/run-to-end.ts';
import { repository } from '../../quickstart/settings.ts';

export interface GoProgram {
  readonly name: string;
  /** Folder of the repository with its module. */
  readonly folder: string;
  /** What is built there; default the folder itself. */
  readonly packagePath?: string;
  readonly tags?: string;
  /** Package variables that the linker sets. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Where a program is, or why there is none. */
export type GoBuild = { readonly path: string } | { readonly missing: string };

/** Returns whether this machine has Go. */
export const hasGo = (): boolean => spawnSync('go', ['version']).status === 0;

/**
 * Builds a program, unless it is there already from the same sources; it is kept with the installed packages.
 *
 * @throws AppError `COMMAND_FAILED` with the end of the compiler's output.
 */
export async function buildGoProgram(
  program: GoProgram,
  options: { readonly logFile: string; readonly signal: AbortSignal },
): Promise<GoBuild> {
  const source = join(repository, program.folder);
  const dir = join(repository, 'node_modules', '.cache', program.name);
  const path = join(dir, `${program.name}-${keyOf(program, source)}`);
  if (existsSync(path)) return { path };
  if (!hasGo()) return { missing: `there is no Go to build ${program.name} with` };
  mkdirSync(dir, { recursive: true });
  // Two runs may build at the same time; a reader sees the whole program or none.
  const unfinished = `${path}.${process.pid}`;
  await runToEnd('go', makeBuildArguments(program, source, unfinished), {
    what: `building ${program.name}`,
    ...options,
    env: { ...process.env, CGO_ENABLED: '0' },
  });
  renameSync(unfinished, path);
  return { path };
}

/** Returns the arguments of `go` that build `program` from the module in `source`. */
export function makeBuildArguments(program: GoProgram, source: string, output: string): string[] {
  const variables = Object.entries(program.variables).map(([name, value]) => `-X ${name}=${value}`);
  return [
    ...['build', '-C', source, '-trimpath'],
    ...(program.tags === undefined ? [] : ['-tags', program.tags]),
    ...['-ldflags', ['-s -w', ...variables].join(' ')],
    ...['-o', output, program.packagePath ?? '.'],
  ];
}

function keyOf(program: GoProgram, source: string): string {
  const key = createHash('sha256').update(JSON.stringify(program));
  const files = readdirSync(source).filter((name) => /\.(go|mod|sum)$/.test(name));
  for (const file of files.sort()) key.update(file).update(readFileSync(join(source, file)));
  return key.digest('hex').slice(0, 16);
}
