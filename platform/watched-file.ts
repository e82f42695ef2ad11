/** Owns files that change under a running process (mounted ConfigMaps, Secrets, tokens): the last good content stays. */
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from './logging.ts';

export interface WatchedFile<Value> {
  /** The value parsed from the newest content that could be parsed. */
  readonly current: Value;
  /** Why the newest content was refused; undefined while it is in use. */
  readonly refusal: unknown;
  /** Calls back after each change that was taken over. */
  onChange(listener: (value: Value) => void): void;
  stop(): void;
}

/**
 * Reads `paths`, parses their contents together, and does so again whenever one changes: on events of the directory
 * (kubelet swaps a symlink there, so watching the file itself goes blind) and by a poll every `pollMs`. Content that
 * `parse` refuses is logged once and the last good value stays in use.
 *
 * @throws whatever reading or `parse` throws at the first read: there is no last good value yet.
 */
export async function watchFiles<Value>(options: {
  readonly paths: readonly string[];
  readonly parse: (contents: readonly string[]) => Value;
  readonly log: Logger;
  readonly pollMs?: number;
}): Promise<WatchedFile<Value>> {
  const { paths, parse, log } = options;
  const readAll = (): Promise<string[]> => Promise.all(paths.map((path) => readFile(path, 'utf8')));
  let contents = await readAll();
  let current = parse(contents);
  let refusal: unknown;
  const listeners: ((value: Value) => void)[] = [];

  const refresh = async (): Promise<void> => {
    try {
      const next = await readAll();
      if (next.every((content, index) => content === contents[index])) return;
      contents = next;
      current = parse(next);
      refusal = undefined;
      log.info({ paths }, 'files reloaded');
    } catch (error) {
      refusal = error;
      log.error({ paths, error }, 'files refused, keeping the last good content');
      return;
    }
    for (const listener of listeners) listener(current);
  };
  let running: Promise<void> = Promise.resolve();
  const schedule = (): void => {
    running = running.then(refresh);
  };
  const directories = [...new Set(paths.map((path) => dirname(path)))];
  const watchers: FSWatcher[] = directories.map((directory) =>
    watch(directory, { persistent: false }, schedule),
  );
  const poll = setInterval(schedule, options.pollMs ?? 10_000);
  poll.unref();
  return {
    get current() {
      return current;
    },
    get refusal() {
      return refusal;
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
    stop: () => {
      clearInterval(poll);
      for (const watcher of watchers) watcher.close();
    },
  };
}
