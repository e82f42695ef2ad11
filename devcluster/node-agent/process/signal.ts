/** Owns sending signals to a container: to its whole process group, as the end of a container ends all its processes. */
import { systemCodeOf } from '../../../platform/errors.ts';

/** Returns false where the group does not exist any more. */
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
