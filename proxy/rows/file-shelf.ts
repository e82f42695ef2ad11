/** Owns how much of the disk all files of rows take, and which of them goes when that is too much. */
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

export interface FileShelfOptions {
  readonly directory: string;
  readonly maxBytes: number;
  readonly removesOldest: boolean;
  /** Told of each file that is removed. */
  readonly onRemoved: (bytes: number) => void;
}

/** Of files that rows are written to. */
export const rowFileSuffix = '.jsonl';

export class FileShelf {
  readonly #options: FileShelfOptions;
  readonly #files = new Map<string, number>();
  #usedBytes = 0;
  #isKnown = false;

  constructor(options: FileShelfOptions) {
    this.#options = options;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Notes the size of a file. */
  note(path: string, bytes: number): void {
    this.#usedBytes += bytes - (this.#files.get(path) ?? 0);
    this.#files.set(path, bytes);
  }

  /** Returns whether there is room for so many bytes, after whatever has to be removed for it. */
  async makeRoom(bytes: number, isInUse: (path: string) => boolean): Promise<boolean> {
    const { maxBytes, removesOldest } = this.#options;
    if (this.#isKnown && this.#usedBytes + bytes <= maxBytes) return true;
    // Whoever collects the files takes them away when he has them.
    await this.#look();
    while (this.#usedBytes + bytes > maxBytes) {
      if (!removesOldest || !(await this.removeOldest(isInUse))) return false;
    }
    return true;
  }

  /** Returns whether there was one to remove. Names begin with the time, so the oldest is the first. */
  async removeOldest(isInUse: (path: string) => boolean): Promise<boolean> {
    const [oldest] = [...this.#files.keys()]
      .filter((path) => !isInUse(path))
      .sort((one, other) => (basename(one) < basename(other) ? -1 : 1));
    if (oldest === undefined) return false;
    await rm(oldest, { force: true });
    const bytes = this.#files.get(oldest) ?? 0;
    this.#usedBytes -= bytes;
    this.#files.delete(oldest);
    this.#options.onRemoved(bytes);
    return true;
  }

  async #look(): Promise<void> {
    const entries = await readdir(this.#options.directory, { recursive: true, withFileTypes: true }).catch(
      ignoreMissing([]),
    );
    this.#files.clear();
    this.#usedBytes = 0;
    for (const entry of entries) {
      if (!entry.isFile() || !entry.name.endsWith(rowFileSuffix)) continue;
      const path = join(entry.parentPath, entry.name);
      const found = await stat(path).catch(ignoreMissing(undefined));
      if (found !== undefined) this.note(path, found.size);
    }
    this.#isKnown = true;
  }
}

/** Others take files away meanwhile. */
const ignoreMissing =
  <Else>(otherwise: Else) =>
  (error: unknown): Else => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
    throw error;
  };
