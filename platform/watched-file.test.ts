import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeLogger } from './logging.ts';
import { watchFiles } from './watched-file.ts';
import type { WatchedFile } from './watched-file.ts';

const log = makeLogger({ process: 'test', level: 'silent' });
const parse = ([content]: readonly string[]): number => {
  const value: unknown = JSON.parse(content ?? '');
  if (typeof value !== 'number') throw new Error('not a number');
  return value;
};
let directory: string;
let watched: WatchedFile<number> | undefined;

/** Writes content the way kubelet does: a new directory, and a symlink swapped in one step. */
async function mount(content: string): Promise<void> {
  const version = join(directory, `..${Math.random().toString(36).slice(2)}`);
  await mkdir(version);
  await writeFile(join(version, 'value.json'), content);
  await symlink(version, join(directory, '..data_tmp'));
  await rename(join(directory, '..data_tmp'), join(directory, '..data'));
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-watched-'));
  await mount('1');
  await symlink('..data/value.json', join(directory, 'value.json'));
});
afterEach(async () => {
  watched?.stop();
  await rm(directory, { recursive: true });
});

const start = (): Promise<WatchedFile<number>> =>
  watchFiles({ paths: [join(directory, 'value.json')], parse, log, pollMs: 50 });

describe('watchFiles', () => {
  it('takes over content that is swapped in by a symlink, and calls back', async () => {
    watched = await start();
    const seen: number[] = [];
    watched.onChange((value) => seen.push(value));
    await mount('2');
    await vi.waitFor(() => expect(seen).toEqual([2]));
    expect(watched.current).toBe(2);
  });

  it('keeps the last good content when the new one is refused, and says why until a good one comes', async () => {
    watched = await start();
    const file = watched;
    await mount('"text"');
    await vi.waitFor(() => expect(file.refusal).toEqual(new Error('not a number')));
    expect(file.current).toBe(1);
    await mount('3');
    await vi.waitFor(() => expect(file.current).toBe(3));
    expect(file.refusal).toBeUndefined();
  });

  it('refuses to start on content that cannot be parsed: there is nothing to keep', async () => {
    await mount('{');
    await expect(start()).rejects.toThrow(SyntaxError);
  });
});
