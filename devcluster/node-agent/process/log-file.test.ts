import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile, previousPathOf, rotatedPathOf, tailOf, timesPathOf } from './log-file.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-log-'));
  path = join(directory, 'web', 'main.log');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function write(...chunks: [text: string, at: number][]): void {
  const log = new LogFile(path);
  for (const [text, at] of chunks) log.append(Buffer.from(text), at);
  log.close();
}

describe('a log', () => {
  it('is plain text, with the time of every piece beside it', () => {
    write(['one\n', 1_000], ['two\n', 1_000], ['three\n', 2_000]);
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\nthree\n');
    expect(readFileSync(timesPathOf(path), 'utf8')).toBe('0 1000\n8 2000\n');
  });

  it('of the instance before is kept when a new one begins', () => {
    write(['first\n', 1]);
    write(['second\n', 2]);
    expect(readFileSync(path, 'utf8')).toBe('second\n');
    expect(readFileSync(previousPathOf(path), 'utf8')).toBe('first\n');
    expect(readFileSync(timesPathOf(previousPathOf(path)), 'utf8')).toBe('0 1\n');
    write(['third\n', 3]);
    expect(readFileSync(previousPathOf(path), 'utf8')).toBe('second\n');
  });

  it('begins anew at ten megabytes, and keeps the part before', () => {
    const megabyte = 'x'.repeat(1024 * 1024);
    write(...Array.from({ length: 12 }, (_, index): [string, number] => [megabyte, index]));
    expect(statSync(path).size).toBe(2 * 1024 * 1024);
    expect(statSync(rotatedPathOf(path)).size).toBe(10 * 1024 * 1024);
    expect(readFileSync(timesPathOf(path), 'utf8')).toBe(`0 10\n${1024 * 1024} 11\n`);
    write(['next\n', 20]);
    expect(existsSync(rotatedPathOf(path))).toBe(false);
    expect(statSync(rotatedPathOf(previousPathOf(path))).size).toBe(10 * 1024 * 1024);
  });
});

describe('the tail of a log', () => {
  it.each([
    ['is all of a short one', 'a\nb\n', 80, 2_048, 'a\nb\n'],
    ['is the last lines', 'a\nb\nc\n', 2, 2_048, 'b\nc\n'],
    ['is the last bytes', 'aaaa\nbbbb\n', 80, 7, 'a\nbbbb\n'],
    ['keeps an unfinished line', 'a\nb', 1, 2_048, 'b'],
    ['of an empty one is empty', '', 80, 2_048, ''],
  ])('%s', (...[, text, lines, bytes, expected]) => {
    write([text, 1]);
    expect(tailOf(path, lines, bytes)).toBe(expected);
  });

  it('of one that does not exist is empty', () => {
    expect(tailOf(path, 80, 2_048)).toBe('');
  });
});
