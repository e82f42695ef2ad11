/**
 * Owns files of rows: JSON lines in `<directory>/<table>/<date>/`, a new file when one is large or old, and the oldest
 * ones removed when all of them take more than their share of the disk.
 */
import { appendFile, mkdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { AppError, messageOf } from '../../platform/errors.ts';
import { FileShelf, rowFileSuffix } from './file-shelf.ts';
import type { FileShelfOptions } from './file-shelf.ts';
import type { RowBatch, RowSink } from './row.ts';

export interface FileSinkOptions extends FileShelfOptions {
  /** Name of the process among others that write into the same directory. */
  readonly instance: string;
  /** Default: 64 MiB. */
  readonly maxFileBytes?: number;
  readonly clock: Clock;
}

interface OpenFile {
  readonly path: string;
  readonly date: string;
  /** Monotonic milliseconds. */
  readonly since: number;
  bytes: number;
}

const usualMaxFileBytes = 64 * 1024 * 1024;
const maxFileAgeMs = 3_600_000;
/** A table that has waited while so many others were written begins a new file. */
const maxOpenFiles = 1_000;

export class FileSink implements RowSink {
  readonly #options: FileSinkOptions;
  readonly #shelf: FileShelf;
  /** By table. */
  readonly #open = new Map<string, OpenFile>();
  #made = 0;

  constructor(options: FileSinkOptions) {
    this.#options = options;
    this.#shelf = new FileShelf(options);
  }

  /** Bytes of all files, as far as is known. */
  get usedBytes(): number {
    return this.#shelf.usedBytes;
  }

  async write(batch: RowBatch): Promise<void> {
    const { lines } = batch;
    const { directory } = this.#options;
    try {
      if (!(await this.#shelf.makeRoom(lines.length, this.#isInUse))) throw this.#full();
      const file = await this.#fileFor(batch);
      await this.#append(file, batch).catch((error: unknown) => this.#appendAfterRemoval(error, file, batch));
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('ROWS_NOT_WRITTEN', `${directory} cannot be written to: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  readonly #isInUse = (path: string): boolean => [...this.#open.values()].some((file) => file.path === path);

  /** Others fill the disk, too: then it is full before our share of it is. */
  async #appendAfterRemoval(error: unknown, file: OpenFile, batch: RowBatch): Promise<void> {
    const isFull = (error as NodeJS.ErrnoException).code === 'ENOSPC' && this.#options.removesOldest;
    if (!isFull || !(await this.#shelf.removeOldest(this.#isInUse))) throw error;
    await this.#append(file, batch);
  }

  async #append(file: OpenFile, { table, lines }: RowBatch): Promise<void> {
    try {
      await appendFile(file.path, lines);
    } catch (error) {
      // No half of a line is left for those who read the file, unless at its end.
      if (!(await isCutBack(file))) this.#open.delete(table);
      throw error;
    }
    file.bytes += lines.length;
    this.#shelf.note(file.path, file.bytes);
  }

  async #fileFor({ table, date, lines }: RowBatch): Promise<OpenFile> {
    const { directory, clock, maxFileBytes = usualMaxFileBytes } = this.#options;
    const now = clock.monotonic();
    const known = this.#open.get(table);
    const isGood =
      known?.date === date && known.bytes + lines.length <= maxFileBytes && now - known.since < maxFileAgeMs;
    if (isGood) return known;
    const folder = join(directory, table, date);
    await mkdir(folder, { recursive: true });
    const file = { path: join(folder, this.#newName()), date, since: now, bytes: 0 };
    const [longestOpen] = this.#open.keys();
    if (longestOpen !== undefined && this.#open.size >= maxOpenFiles) this.#open.delete(longestOpen);
    this.#open.delete(table);
    this.#open.set(table, file);
    return file;
  }

  /** Unlike any other, of earlier runs of the process too. */
  #newName(): string {
    const { clock, instance } = this.#options;
    this.#made += 1;
    const time = new Date(clock.now()).toISOString().replaceAll(/[-:.]/g, '');
    return `${time}-${instance}-${this.#made}${rowFileSuffix}`;
  }

  #full(): AppError {
    const { directory, maxBytes } = this.#options;
    return new AppError(
      'ROWS_FULL',
      `${directory} holds the ${maxBytes} bytes that it may; take files away, or allow more`,
    );
  }
}

/** Returns whether the file is again as it was before something could not be appended. */
async function isCutBack({ path, bytes }: OpenFile): Promise<boolean> {
  try {
    const { size } = await stat(path);
    if (size > bytes) await truncate(path, bytes);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
