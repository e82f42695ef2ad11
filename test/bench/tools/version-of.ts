/** Owns asking a program for its version. */
import { execFileSync } from 'node:child_process';

/** Returns the first version that `program` prints, on whichever output: nginx speaks on the one, wrk calls it an error. */
export function versionOf(program: string, flag: string): string {
  const printed = execFileSync('sh', ['-c', `'${program}' ${flag} 2>&1 || true`], { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(printed)?.[0] ?? 'unknown';
}
