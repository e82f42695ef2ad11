/** Owns the objects' durability: a snapshot and a log of changes in the state directory, written behind. */
import { createReadStream, existsSync, mkdirSync } from 'node:fs';
import { appendFile, open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Logger } from '../../../platform/logging.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { ChangeLog, StorageKey, StoreChange } from './object-store.ts';

/** One line of either file: an object's state after the change of version `v`, or its end. */
type Line =
  | { readonly v: number; readonly s: StorageKey; readonly put: KubeObject }
  | { readonly v: number; readonly s: StorageKey; readonly gone: { namespace?: string; name: string } };

export interface Recovered {
  readonly version: number;
  readonly objects: readonly { readonly storage: StorageKey; readonly object: KubeObject }[];
}

/** How many changes the log may hold before it is folded into a new snapshot. */
const compactAfter = 20_000;

const snapshotFile = (directory: string): string => join(directory, 'objects.jsonl');
const logFile = (directory: string): string => join(directory, 'changes.jsonl');

/**
 * Reads what an earlier process left. A last line that was cut by a crash is dropped; whatever else cannot be read is
 * an error, because going on would lose objects.
 */
export async function recoverObjects(directory: string): Promise<Recovered> {
  const objects = new Map<string, { storage: StorageKey; object: KubeObject }>();
  let version = 0;
  for (const path of [snapshotFile(directory), logFile(directory)]) {
    for await (const line of readLines(path)) {
      // A log that outlived the compaction that folded it in repeats what the snapshot knows better.
      if (line.v <= version && path === logFile(directory)) continue;
      version = Math.max(version, line.v);
      const { namespace = '', name } = 'put' in line ? line.put.metadata : line.gone;
      const key = `${line.s} ${namespace}/${name}`;
      if ('put' in line) objects.set(key, { storage: line.s, object: line.put });
      else objects.delete(key);
    }
  }
  return { version, objects: [...objects.values()] };
}

async function* readLines(path: string): AsyncGenerator<Line> {
  if (!existsSync(path)) return;
  let torn: Error | undefined;
  for await (const text of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
    if (torn !== undefined) throw torn;
    try {
      yield JSON.parse(text) as Line;
    } catch (error) {
      torn = new Error(
        `${path} holds a line that cannot be read; remove the state directory to start empty`,
        {
          cause: error,
        },
      );
    }
  }
}

export class Journal implements ChangeLog {
  readonly #directory: string;
  readonly #log: Logger;
  readonly #readAll: () => Recovered;
  readonly #compactAfter: number;
  #buffer: Line[] = [];
  #written = 0;
  #writing: Promise<void> | undefined;

  /** `readAll` returns the whole content of the store, for snapshots. */
  constructor(options: { directory: string; log: Logger; readAll: () => Recovered; compactAfter?: number }) {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    this.#directory = options.directory;
    this.#log = options.log;
    this.#readAll = options.readAll;
    this.#compactAfter = options.compactAfter ?? compactAfter;
  }

  append(change: StoreChange): void {
    const { namespace, name } = change.object.metadata;
    this.#buffer.push(
      change.type === 'DELETED'
        ? {
            v: change.version,
            s: change.storage,
            gone: { name, ...(namespace === undefined ? {} : { namespace }) },
          }
        : { v: change.version, s: change.storage, put: change.object },
    );
    this.#writing ??= this.#drain();
  }

  /** Folds everything into a fresh snapshot; the log starts empty. */
  async compact(): Promise<void> {
    const { version, objects } = this.#readAll();
    this.#buffer = this.#buffer.filter((line) => line.v > version);
    const lines = objects.map(({ storage, object }): Line => ({ v: 0, s: storage, put: object }));
    const text = [...lines.map((line) => JSON.stringify(line)), ''].join('\n');
    // The version is part of the first object's line; an empty store has no version worth keeping.
    const stamped = text.replace('{"v":0,', `{"v":${version},`);
    await replaceFile(snapshotFile(this.#directory), stamped);
    await replaceFile(logFile(this.#directory), '');
    this.#written = 0;
  }

  /** Writes what is buffered and folds it in; nothing may be appended after. */
  async stop(): Promise<void> {
    await this.#writing;
    await this.compact();
  }

  /** Runs until the buffer is empty: what gathers while one batch is written makes the next. */
  async #drain(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#buffer.length > 0) {
        const batch = this.#buffer;
        this.#buffer = [];
        this.#written += batch.length;
        if (this.#written > this.#compactAfter) {
          await this.compact();
        } else {
          const text = batch.map((line) => `${JSON.stringify(line)}\n`).join('');
          await appendFile(logFile(this.#directory), text, { mode: 0o600 });
        }
      }
    } catch (error) {
      // What is lost now, or half written, the next batch makes good with a snapshot of everything.
      this.#written = Number.POSITIVE_INFINITY;
      this.#log.error(
        { error },
        'objects cannot be written to the state directory; a restart will miss them',
      );
    } finally {
      this.#writing = undefined;
    }
  }
}

async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, content, { mode: 0o600 });
  const handle = await open(temporary);
  await handle.sync();
  await handle.close();
  await rename(temporary, path);
}
