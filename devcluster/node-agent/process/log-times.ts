/** Owns reading when the pieces of a log were written. */
import { readFileSync } from 'node:fs';
import type { LogTime } from '../../apiserver/node-services.ts';
import { timesPathOf } from './log-file.ts';

/** Returns the times of a log, in order; empty where there is no log yet. A last line that is still written is left out. */
export function readLogTimes(logPath: string): LogTime[] {
  let text: string;
  try {
    text = readFileSync(timesPathOf(logPath), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [offset, at] = line.split(' ').map(Number);
      return { offset: offset ?? 0, at: at ?? 0 };
    });
}
