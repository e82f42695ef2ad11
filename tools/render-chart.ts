/** Owns the rendering of the chart by the stock helm. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderings } from '../charts/codegen/renderings.ts';
import { buildGoProgram } from '../e2e/harness/go-program.ts';
import { makeHelm } from '../e2e/harness/helm.ts';
import type { Helm } from '../e2e/harness/helm.ts';
import { helmProgram } from '../e2e/harness/programs.ts';

/**
 * Calls `use` with a helm, and returns what that returns, or why there is no
 * helm. Building it takes minutes, once.
 *
 * @throws AppError `COMMAND_FAILED` when it does not build.
 */
export async function withHelm<Result>(
  use: (helm: Helm) => Promise<Result>,
): Promise<Result | { readonly missing: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-helm-'));
  try {
    const logFile = join(dir, 'build.log');
    const build = await buildGoProgram(helmProgram, { logFile, signal: AbortSignal.timeout(1_200_000) });
    return 'missing' in build ? build : await use(makeHelm(build.path, dir));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/**
 * Returns every file that the chart is rendered to, by its path from the root of the repository.
 *
 * @throws Error with what helm says.
 */
export async function renderChart(helm: Helm): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const { args, makeFiles } of renderings) {
    const { exitCode, stdout, stderr } = await helm(args);
    if (exitCode !== 0) throw new Error(`helm ${args.join(' ')} failed: ${stderr}`);
    for (const [path, content] of makeFiles(stdout)) files.set(path, content);
  }
  return files;
}

/** Whatever is in them was rendered. */
export const renderedFolders = ['config/*.yaml', 'charts/fairlead/goldens/*.yaml'];
