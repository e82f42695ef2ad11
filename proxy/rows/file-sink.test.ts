import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../../platform/errors.ts';
import { FileSink } from './file-sink.ts';
import type { FileSinkOptions } from './file-sink.ts';

let directory: string;
let now = 0;
const removed: number[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-rows-'));
  now = 0;
  removed.length = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

const aSink = (more: Partial<FileSinkOptions> = {}): FileSink =>
  new FileSink({
    directory,
    instance: 'gateway-0',
    maxBytes: 1_000,
    removesOldest: true,
    clock: { now: () => Date.parse('2026-11-30T12:00:00.000Z') + now, monotonic: () => now },
    onRemoved: (bytes) => removed.push(bytes),
    ...more,
  });
const write = (sink: FileSink, text: string, table = 'team-a/iris_payload', date = '2026-11-30') =>
  sink.write({ table, date, lines: Buffer.from(text) });
const refusal = (writing: Promise<void>): Promise<string> =>
  writing.then(
    () => 'written',
    (error: unknown) => (error as AppError).code,
  );

/** Every file of the directory with what it holds. */
function files(): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    paths.sort().map((path) => [path.slice(directory.length + 1), readFileSync(path, 'utf8')]),
  );
}
const day = 'team-a/iris_payload/2026-11-30';

describe('files of rows', () => {
  it('are those of their table and day', async () => {
    const sink = aSink();
    await write(sink, 'a\n');
    await write(sink, 'b\n');
    await write(sink, 'c\n', 'team-b/other');
    await write(sink, 'd\n', 'team-a/iris_payload', '2026-12-01');
    expect(files()).toEqual({
      [`${day}/20261130T120000000Z-gateway-0-1.jsonl`]: 'a\nb\n',
      ['team-a/iris_payload/2026-12-01/20261130T120000000Z-gateway-0-3.jsonl']: 'd\n',
      ['team-b/other/2026-11-30/20261130T120000000Z-gateway-0-2.jsonl']: 'c\n',
    });
    expect(sink.usedBytes).toBe(8);
  });

  it('are followed by others when they are large, and when they are old', async () => {
    const sink = aSink({ maxFileBytes: 4 });
    await write(sink, 'aa\n');
    await write(sink, 'bb\n');
    now = 3_600_000;
    await write(sink, 'c\n');
    expect(Object.values(files())).toEqual(['aa\n', 'bb\n', 'c\n']);
  });

  it('of an earlier run stay what they are', async () => {
    await write(aSink(), 'a\n');
    now = 1;
    await write(aSink(), 'b\n');
    expect(Object.values(files())).toEqual(['a\n', 'b\n']);
  });

  it('make room for newer ones, the oldest first, those of other tables and runs too', async () => {
    await write(aSink(), `${'a'.repeat(400)}\n`, 'team-b/other');
    now = 1;
    const sink = aSink({ maxFileBytes: 401 });
    for (const letter of ['b', 'c', 'd']) await write(sink, `${letter.repeat(400)}\n`);
    expect(Object.values(files()).map((text) => text[0])).toEqual(['c', 'd']);
    expect(removed).toEqual([401, 401]);
  });

  it('are all kept where that is wanted, until somebody takes them away', async () => {
    const sink = aSink({ removesOldest: false, maxFileBytes: 401 });
    for (const letter of ['a', 'b']) await write(sink, `${letter.repeat(400)}\n`);
    expect(await refusal(write(sink, `${'c'.repeat(400)}\n`))).toBe('ROWS_FULL');
    rmSync(join(directory, `${day}/20261130T120000000Z-gateway-0-1.jsonl`));
    expect(await refusal(write(sink, `${'c'.repeat(400)}\n`))).toBe('written');
  });

  it('are not written where there is no directory and cannot be one', async () => {
    writeFileSync(join(directory, 'team-a'), '');
    expect(await refusal(write(aSink(), 'a\n'))).toBe('ROWS_NOT_WRITTEN');
    rmSync(join(directory, 'team-a'));
    expect(await refusal(write(aSink(), 'a\n'))).toBe('written');
  });

  it('make room where the disk is full of other things, and if that is not enough it is said', async () => {
    mkdirSync(join(directory, day), { recursive: true });
    writeFileSync(join(directory, day, '20200101T000000000Z-gateway-0-1.jsonl'), 'old\n');
    symlinkSync('/dev/full', join(directory, day, '20261130T120000000Z-gateway-0-1.jsonl'));
    expect(await refusal(write(aSink(), 'a\n'))).toBe('ROWS_NOT_WRITTEN');
    expect(removed).toEqual([4]);
  });

  it('hold no half of a line when there was room for half of it', async () => {
    const script = join(import.meta.dirname, 'write-rows-fixture.ts');
    // In this unit, of 512 bytes, the shell bounds each file of the program that it becomes.
    const limited = 'ulimit -f 2; exec "$0" "$1" "$2"';
    const { stdout } = await promisify(execFile)('sh', ['-c', limited, process.execPath, script, directory]);
    expect(stdout.trim()).toBe('written ROWS_NOT_WRITTEN written');
    expect(Object.values(files())).toEqual([`${'a'.repeat(700)}\nc\n`]);
  });
});
