/** Owns what is written down about running processes, so that those a crash left behind are found and ended. */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../../platform/logging.ts';
import { signalGroup } from './signal.ts';
import { startTimeOf } from './start-time.ts';

interface ProcessRecord {
  readonly pid: number;
  readonly startTime: string;
  /** `namespace/pod/container`, for logs. */
  readonly container: string;
}

export class ProcessRecords {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Notes a process that was just started. One that is gone already needs no note. */
  async add(pid: number, container: string): Promise<void> {
    const startTime = await startTimeOf(pid);
    if (startTime === undefined) return;
    await mkdir(this.#directory, { recursive: true });
    const record: ProcessRecord = { pid, startTime, container };
    await writeFile(this.#path(pid), JSON.stringify(record));
  }

  async remove(pid: number): Promise<void> {
    await rm(this.#path(pid), { force: true });
  }

  /**
   * Ends the process groups that an earlier run left behind: SIGTERM, then SIGKILL after `graceMs`. Only a process
   * that has both the recorded id and the recorded start time is ours; any other is left alone.
   */
  async endLeftovers(log: Logger, graceMs = 2_000): Promise<void> {
    const names = await readdir(this.#directory).catch(() => []);
    await Promise.all(names.map((name) => this.#endLeftover(join(this.#directory, name), log, graceMs)));
  }

  async #endLeftover(path: string, log: Logger, graceMs: number): Promise<void> {
    const record = parseRecord(await readFile(path, 'utf8'));
    if (record !== undefined && (await isAlive(record))) {
      log.info(
        { pid: record.pid, container: record.container },
        'ending a process that an earlier run left behind',
      );
      signalGroup(record.pid, 'SIGTERM');
      for (let waited = 0; waited < graceMs && (await isAlive(record)); waited += 50) await sleep(50);
      if (await isAlive(record)) signalGroup(record.pid, 'SIGKILL');
    }
    await rm(path, { force: true });
  }

  #path(pid: number): string {
    return join(this.#directory, `${pid}.json`);
  }
}

async function isAlive(record: ProcessRecord): Promise<boolean> {
  return (await startTimeOf(record.pid)) === record.startTime;
}

/** A record that a crash cut in the middle proves nothing and is dropped. */
function parseRecord(text: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<ProcessRecord>;
    const { pid, startTime, container } = record;
    if (!Number.isInteger(pid) || (pid ?? 0) < 2 || typeof startTime !== 'string') return undefined;
    return { pid: pid ?? 0, startTime, container: container ?? '' };
  } catch {
    return undefined;
  }
}
