/** Owns the memory limits of containers: looks at what their processes use and ends those that use too much. */
import { readFileSync, readdirSync } from 'node:fs';
import type { Logger } from '../../../platform/logging.ts';
import { signalGroup } from '../../../platform/processes/process-group.ts';

interface Guarded {
  readonly limitBytes: number;
  /** Set before the processes are killed. */
  exceeded: boolean;
}

const lookEveryMs = 1_000;

/** One per node. Where a system has no /proc (macOS), nothing is looked at and no limit is enforced. */
export class MemoryGuard {
  readonly #log: Logger;
  readonly #guarded = new Map<number, Guarded>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Guards the process group of `leader` until `end`, which returns whether it was killed for its memory. */
  guard(leader: number, limitBytes: number): { end(): boolean } {
    const guarded = { limitBytes, exceeded: false };
    this.#guarded.set(leader, guarded);
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs).unref();
    return {
      end: () => {
        if (this.#guarded.get(leader) === guarded) this.#guarded.delete(leader);
        if (this.#guarded.size === 0) {
          clearInterval(this.#timer);
          this.#timer = undefined;
        }
        return guarded.exceeded;
      },
    };
  }

  #look(): void {
    for (const [leader, pids] of membersOf(new Set(this.#guarded.keys()))) {
      const guarded = this.#guarded.get(leader);
      if (guarded === undefined || guarded.exceeded || !usesMore(pids, guarded.limitBytes)) continue;
      guarded.exceeded = true;
      this.#log.info(
        { leader, limitBytes: guarded.limitBytes },
        'ending a container that uses too much memory',
      );
      signalGroup(leader, 'SIGKILL');
    }
  }
}

/** Returns the processes of each of the groups. */
function membersOf(leaders: ReadonlySet<number>): Map<number, number[]> {
  const members = new Map<number, number[]>();
  for (const entry of entriesOfProc()) {
    // "<pid> (<command>) <state> <parent> <group> …": the command may hold anything, brackets too.
    const stat = readIfThere(`/proc/${entry}/stat`);
    const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
    if (!leaders.has(group)) continue;
    const known = members.get(group) ?? [];
    members.set(group, [...known, Number(entry)]);
  }
  return members;
}

function entriesOfProc(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/**
 * What a process has to itself is quick to read, but counts pages twice that a fork shares with its parent; the exact
 * shares take long. So the latter are read only where the former are too much.
 */
const usesMore = (pids: readonly number[], limitBytes: number): boolean =>
  sumOf(pids, 'status', ['RssAnon', 'RssShmem']) > limitBytes &&
  sumOf(pids, 'smaps_rollup', ['Pss_Anon', 'Pss_Shmem']) > limitBytes;

function sumOf(pids: readonly number[], file: string, fields: readonly string[]): number {
  const line = new RegExp(`^(?:${fields.join('|')}):\\s+(\\d+) kB$`, 'gm');
  return pids
    .flatMap((pid) => [...readIfThere(`/proc/${pid}/${file}`).matchAll(line)])
    .reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended between the two looks.
    return '';
  }
}
