/** Owns the log of one container instance: plain text, the time of every piece beside it, rotated by size. */
import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Rotation at 10 MB; the current file and one before it are kept. */
const maxBytes = 10 * 1024 * 1024;

/** `<log>.times` holds lines of `<offset> <milliseconds>`: what begins at the offset was written at that time. */
export const timesPathOf = (path: string): string => `${path}.times`;
export const rotatedPathOf = (path: string): string => `${path}.1`;
/** The log of the instance before the current one. */
export const previousPathOf = (path: string): string => path.replace(/\.log$/, '.previous.log');

/**
 * Writes are synchronous: what a process said before it died is on disk when its end is reported, and the order of
 * its two streams is kept.
 */
export class LogFile {
  readonly #path: string;
  #log: number;
  #times: number;
  #size = 0;
  #lastTime = 0;

  /** Begins the log of a new instance; the log of the one before becomes `<container>.previous.log`. */
  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    const previous = previousPathOf(path);
    for (const fileOf of [(name: string) => name, timesPathOf]) {
      moveIfPresent(fileOf(path), fileOf(previous));
      moveIfPresent(fileOf(rotatedPathOf(path)), fileOf(rotatedPathOf(previous)));
    }
    [this.#log, this.#times] = open(path);
  }

  /** `now` is milliseconds since the epoch. */
  append(chunk: Buffer, now: number): void {
    if (this.#size + chunk.length > maxBytes && this.#size > 0) this.#rotate();
    if (now !== this.#lastTime) writeSync(this.#times, `${this.#size} ${now}\n`);
    this.#lastTime = now;
    writeSync(this.#log, chunk);
    this.#size += chunk.length;
  }

  close(): void {
    closeSync(this.#log);
    closeSync(this.#times);
  }

  #rotate(): void {
    const rotated = rotatedPathOf(this.#path);
    moveIfPresent(this.#path, rotated);
    moveIfPresent(timesPathOf(this.#path), timesPathOf(rotated));
    const next = open(this.#path);
    this.close();
    [this.#log, this.#times] = next;
    this.#size = 0;
    this.#lastTime = 0;
  }
}

function open(path: string): [number, number] {
  return [openSync(path, 'w', 0o600), openSync(timesPathOf(path), 'w', 0o600)];
}

function moveIfPresent(from: string, to: string): void {
  rmSync(to, { force: true });
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Returns the last lines of a log: at most `maxLines` and `maxLength` bytes, as FallbackToLogsOnError takes them. */
export function tailOf(path: string, maxLines: number, maxLength: number): string {
  let size: number;
  try {
    size = statSync(path).size;
  } catch {
    return '';
  }
  const length = Math.min(size, maxLength);
  const buffer = Buffer.alloc(length);
  const file = openSync(path, 'r');
  try {
    readSync(file, buffer, 0, length, size - length);
  } finally {
    closeSync(file);
  }
  const lines = buffer.toString('utf8').split('\n');
  const withoutEnd = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  return lines.slice(Math.max(0, withoutEnd - maxLines)).join('\n');
}
