/** Owns what is written down about running processes, so that those a crash left behind are found and ended. */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCodeOf } from '../errors.ts';
import { signalGroup } from './process-group.ts';
import { startTimeOf } from './start-time.ts';

export interface ProcessRecord {
  readonly pid: number;
  readonly startTime: string;
  /** What the process is part of, in words for logs. */
  readonly owner: string;
}

/** A directory with one note for each running process; each process leads a process group of its own. */
export class ProcessRecords {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Notes a process that was just started. One that is gone already needs no note. */
  async add(pid: number, owner: string): Promise<void> {
    const startTime = await startTimeOf(pid);
    if (startTime === undefined) return;
    await mkdir(this.#directory, { recursive: true });
    const record: ProcessRecord = { pid, startTime, owner };
    await writeFile(this.#path(pid), JSON.stringify(record));
  }

  async remove(pid: number): Promise<void> {
    await rm(this.#path(pid), { force: true });
  }

  /**
   * Ends the process groups that an earlier run left behind: SIGTERM, then SIGKILL once the leader has ended or
   * `graceMs` (default two seconds) are over. Only a process that has both the noted id and the noted start time is
   * ours; any other is left alone. `onFound` hears of each before it is ended.
   */
  async endLeftovers(
    options: { readonly graceMs?: number; readonly onFound?: (record: ProcessRecord) => void } = {},
  ): Promise<void> {
    const { graceMs = 2_000, onFound } = options;
    const names = await namesIn(this.#directory);
    await Promise.all(
      names.map(async (name) => {
        const path = join(this.#directory, name);
        const record = parseRecord(await readFile(path, 'utf8'));
        if (record !== undefined && (await isSame(record))) {
          onFound?.(record);
          await endGroup(record, graceMs);
        }
        await rm(path, { force: true });
      }),
    );
  }

  #path(pid: number): string {
    return join(this.#directory, `${pid}.json`);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function endGroup(record: ProcessRecord, graceMs: number): Promise<void> {
  signalGroup(record.pid, 'SIGTERM');
  for (let waited = 0; waited < graceMs && (await isSame(record)); waited += 50) await sleep(50);
  // Also when the leader has ended: what it started need not have listened.
  signalGroup(record.pid, 'SIGKILL');
}

/** Whether the noted process itself still runs, and not a later one with its id. */
async function isSame(record: ProcessRecord): Promise<boolean> {
  return (await startTimeOf(record.pid)) === record.startTime;
}

/** A record that a crash cut in the middle proves nothing and is dropped. */
function parseRecord(text: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<ProcessRecord>;
    const { pid, startTime, owner } = record;
    if (!Number.isInteger(pid) || (pid ?? 0) < 2 || typeof startTime !== 'string') return undefined;
    return { pid: pid ?? 0, startTime, owner: owner ?? '' };
  } catch {
    return undefined;
  }
}
