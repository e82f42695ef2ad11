/** Owns signals to whole process groups, and the knowledge of whether a process still runs. */
import { readFileSync } from 'node:fs';
import { systemCodeOf } from '../errors.ts';

/** Signals every process of the group that `leader` began. Returns false where nothing of the group is left. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-leader, signal);
    return true;
  } catch (error) {
    // macOS answers EPERM for a group of which only zombies are left.
    if (systemCodeOf(error) === 'ESRCH' || systemCodeOf(error) === 'EPERM') return false;
    throw error;
  }
}

/** Returns whether a process with this id runs, also one of another user; one that only waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
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
