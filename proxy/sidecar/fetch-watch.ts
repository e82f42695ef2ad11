/** Owns what the sidecar knows of the fetch beside it: a small file that the fetcher writes, looked at until the model serves. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { longestProgressFile, parseFetchProgress } from '../../core/fetching/fetch-progress.ts';
import type { FetchProgress } from '../../core/fetching/fetch-progress.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';

const intervalMs = 250;

/** Whatever lies there is not trusted: a link is not followed, a pipe not waited for, and little of a large file read. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export class FetchWatch {
  readonly #path: string | undefined;
  readonly #log: Logger;
  #current: FetchProgress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failing = false;
  #stopped = false;

  /** `path` is undefined where nothing is fetched. */
  constructor(path: string | undefined, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /** How far the fetch is; undefined while there is none. */
  get current(): FetchProgress | undefined {
    return this.#current;
  }

  start(): void {
    if (this.#path !== undefined) void this.#look(this.#path);
  }

  /** For good: what serves is not fetched again. */
  stop(): void {
    this.#stopped = true;
    this.#current = undefined;
    clearTimeout(this.#timer);
  }

  async #look(path: string): Promise<void> {
    const progress = await this.#read(path);
    if (this.#stopped) return;
    this.#current = progress;
    this.#timer = setTimeout(() => void this.#look(path), intervalMs).unref();
  }

  /** The pod starts all the same; less is known of it meanwhile. */
  async #read(path: string): Promise<FetchProgress | undefined> {
    try {
      return await readProgress(path);
    } catch (error) {
      if (!this.#failing)
        this.#log.warn({ path, cause: messageOf(error) }, 'progress of the fetch unreadable');
      this.#failing = true;
      return undefined;
    }
  }
}

/**
 * Returns what the file says; undefined where there is none, or nothing that a fetcher would have written.
 *
 * @throws the error of the system where something else lies there (`ELOOP`: a link), or it cannot be read.
 */
export async function readProgress(path: string): Promise<FetchProgress | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    if (!(await file.stat()).isFile()) return undefined;
    // One byte more than there can be: what is longer is seen to be.
    const { bytesRead, buffer } = await file.read(Buffer.alloc(longestProgressFile + 1));
    return parseFetchProgress(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await file.close();
  }
}
