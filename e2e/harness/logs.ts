/** Owns how the logs of a failed run are told: the end of each, because the folder that holds them goes with the run. */
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const lines = 20;

/** Prints the last lines of every log below `dir`, the logs of pods included. */
export function tellLogs(dir: string): void {
  for (const path of globSync('**/*.log', { cwd: dir }).sort()) {
    const file = join(dir, path);
    if (statSync(file).size === 0) continue;
    const end = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines);
    console.error([`--- ${path}`, ...end.map((line) => `    ${line}`)].join('\n'));
  }
}
