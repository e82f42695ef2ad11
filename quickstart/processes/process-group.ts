/** Owns signals to whole process groups and the knowledge of who is left in one. */
import { readFileSync } from 'node:fs';

/** Sends a signal to every process of a group; a group that is gone already is no error. */
export function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Returns whether a process with this id runs, also one of another user; one that only waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

function isZombie(pid: number): boolean {
  try {
    // "<pid> (<command>) <state> …": the command may hold anything, so the state is what follows its last bracket.
    return /^.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // No /proc (macOS), where process 1 reaps at once; or gone between the two looks.
    return false;
  }
}
