/** Owns the logs of a failed run: they are kept, because the folder that they lie in goes with the run, and their ends told. */
import { cpSync, globSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../quickstart/settings.ts';

const lines = 8;
/** Of the last run that failed. */
const kept = join(repository, 'node_modules', '.cache', 'e2e-logs');

/** Keeps every log below `dir`, those of pods included, and prints where and the last lines of each. */
export function tellLogs(dir: string): void {
  rmSync(kept, { recursive: true, force: true });
  cpSync(dir, kept, { recursive: true });
  for (const path of globSync('**/*.log', { cwd: kept }).sort()) {
    const file = join(kept, path);
    if (statSync(file).size === 0) continue;
    const end = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines);
    console.error([`--- ${path}`, ...end.map((line) => `    ${line}`)].join('\n'));
  }
  console.error(`e2e: the logs of this run are kept in ${kept}`);
}
