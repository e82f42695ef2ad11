/** Owns the question which processes of this machine belong to a run. Linux only, as the embedded cluster is. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isAlive } from '../../platform/processes/process-group.ts';

/** Returns the command lines of the processes that work in `dir`: it is in their arguments, environment or place. */
export function processesOf(dir: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => isAlive(Number(pid)) && traces(pid).some((trace) => trace.includes(dir)))
    .map((pid) => `${pid} ${read(pid, 'cmdline').replaceAll('\0', ' ')}`);
}

const traces = (pid: string): string[] => [read(pid, 'cmdline'), read(pid, 'environ'), place(pid)];

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // Ended since the folder was listed, or another user's.
    return '';
  }
}

function place(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
