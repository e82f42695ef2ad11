/** Owns where the benchmark keeps what it installs and the logs of that: `.fairlead/bench`, ignored by git. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../../quickstart/settings.ts';

export const benchHome = join(repository, '.fairlead', 'bench');

/** Returns the log file of one step, whose folder exists. */
export function logFileOf(step: string): string {
  const logs = join(benchHome, 'logs');
  mkdirSync(logs, { recursive: true });
  return join(logs, `${step}.log`);
}
