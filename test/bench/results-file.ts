/** Owns the kept results: `results/<suite>.json` and the same as `.md`, and the versions of them that are committed. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { AppError } from '../../platform/errors.ts';
import { repository } from '../../quickstart/settings.ts';

const folder = 'test/bench/results';

/** What `compare` reads of a result; the rest is for people and other programs. */
const keptSchema = z.object({ suite: z.string(), ratios: z.record(z.string(), z.number()) });

export type KeptResult = z.output<typeof keptSchema>;

/** Writes a result in both forms. */
export function keepResult(suite: string, result: object, markdown: string): void {
  const dir = join(repository, folder);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${suite}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(dir, `${suite}.md`), markdown);
}

/**
 * Returns the suites of which there are results.
 *
 * @throws AppError `RESULT_MISSING` where there are none at all.
 */
export function keptSuites(): string[] {
  const dir = join(repository, folder);
  const files = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith('.json')) : [];
  if (files.length === 0)
    throw new AppError('RESULT_MISSING', `there are no results in ${folder}: run a suite first`);
  return files.map((name) => name.slice(0, -'.json'.length));
}

/**
 * Returns the newest result of a suite, or that in a file.
 *
 * @throws AppError `RESULT_MISSING` or `RESULT_UNREADABLE`.
 */
export function readResult(suiteOrFile: string): KeptResult {
  const path = suiteOrFile.endsWith('.json') ? suiteOrFile : join(repository, folder, `${suiteOrFile}.json`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AppError('RESULT_MISSING', `there is no result in ${path}: run that suite first`, { cause });
  }
  return parseResult(text, path);
}

/** Returns the committed result of a suite; undefined where none has been committed. */
export function committedResult(suite: string): KeptResult | undefined {
  const object = `HEAD:${folder}/${suite}.json`;
  const { status, stdout } = spawnSync('git', ['show', object], { cwd: repository, encoding: 'utf8' });
  return status === 0 ? parseResult(stdout, object) : undefined;
}

function parseResult(text: string, where: string): KeptResult {
  try {
    return keptSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `${where} holds no ratios: measure again with this version of the benchmark`;
    throw new AppError('RESULT_UNREADABLE', message, { cause });
  }
}
