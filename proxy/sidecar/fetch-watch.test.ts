/** Owns the proof that a sidecar reads what a fetcher tells, and takes no harm from anything else in its place. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeLogger } from '../../platform/logging.ts';
import { until } from '../testing/http-client-fixture.ts';
import { FetchWatch, readProgress } from './fetch-watch.ts';

const log = makeLogger({ process: 'test', level: 'silent' });
let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-fetch-watch-'));
  path = join(directory, 'progress.json');
});
afterEach(() => rmSync(directory, { recursive: true }));

const line = '{"bytes": 5, "totalBytes": 10}\n';
const elsewhere = (): string => {
  const other = join(directory, 'other.json');
  writeFileSync(other, line);
  return other;
};

describe('what lies where the fetcher tells how far it is', () => {
  it.each<[string, () => void, unknown]>([
    [
      'is read where it is a file of the fetcher',
      () => writeFileSync(path, line),
      { bytes: 5, totalBytes: 10 },
    ],
    ['is nothing before there is one', () => undefined, undefined],
    ['is not waited for where it is a pipe', () => execFileSync('sh', ['-c', `mkfifo ${path}`]), undefined],
    ['is not read where it is a directory', () => mkdirSync(path), undefined],
    [
      'is not read on where it is long',
      () => writeFileSync(path, `{"bytes":5}${' '.repeat(2 ** 20)}`),
      undefined,
    ],
    ['is left aside where it makes no sense', () => writeFileSync(path, '\0\xff{"bytes":'), undefined],
  ])('%s', async (_name, lay, read) => {
    lay();
    expect(await readProgress(path)).toEqual(read);
  });

  it('is not read where it is a link', async () => {
    symlinkSync(elsewhere(), path);
    await expect(readProgress(path)).rejects.toMatchObject({ code: 'ELOOP' });
  });
});

describe('the watch', () => {
  const write = (text: string): void => {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };

  it('follows the fetch from its beginning to its end', async () => {
    const watch = new FetchWatch(path, log);
    watch.start();
    write('{"bytes":1}');
    await until(() => watch.current?.bytes === 1);
    write('{"bytes":2}');
    await until(() => watch.current?.bytes === 2);
    rmSync(path);
    await until(() => watch.current === undefined);
    watch.stop();
  });

  it('goes on where something else lies in the file’s place for a while', async () => {
    symlinkSync(elsewhere(), path);
    const watch = new FetchWatch(path, log);
    watch.start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(watch.current).toBeUndefined();
    write('{"bytes":3}');
    await until(() => watch.current?.bytes === 3);
    watch.stop();
  });

  it('has nothing to tell once it is stopped, or where nothing is fetched', async () => {
    write('{"bytes":1}');
    const watch = new FetchWatch(path, log);
    watch.start();
    await until(() => watch.current !== undefined);
    watch.stop();
    expect(watch.current).toBeUndefined();
    const none = new FetchWatch(undefined, log);
    none.start();
    expect(none.current).toBeUndefined();
  });
});
