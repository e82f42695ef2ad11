/** Owns the pages of the documentation as tests read them: their text, blocks of code apart. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export interface Block {
  /** `yaml`, `sh` …; empty where none is said. */
  readonly language: string;
  readonly code: string;
}

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  /** Without blocks of code. */
  readonly text: string;
  readonly blocks: readonly Block[];
}

const fence = /^```(\w*)[^\n]*\n(.*?)^```$/gms;

/** Returns the page at `path`. */
function readPage(path: string): Page {
  const whole = readFileSync(join(root, path), 'utf8');
  const blocks = [...whole.matchAll(fence)].map(([, language = '', code = '']) => ({ language, code }));
  return { path, text: whole.replaceAll(fence, ''), blocks };
}

/** Returns every page of the repository that is in its version control, or is about to be. */
export function readAllPages(): Page[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
  const { stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  const paths = stdout.split('\n').filter((path) => path !== '' && existsSync(join(root, path)));
  return [...new Set(paths)].map(readPage);
}
