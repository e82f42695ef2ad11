/** Owns the tests of the rule that one folder serves one run. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimPidFile } from './pid-file.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pid-file-'));
  file = join(dir, 'run.pid');
});
afterEach(() => rmSync(dir, { recursive: true }));

it('claims a free folder and gives it back', async () => {
  const claim = claimPidFile(file);
  expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
  await claim.stop();
  expect(existsSync(file)).toBe(false);
});

it('refuses a folder whose run is alive, naming its process', () => {
  writeFileSync(file, `${process.ppid}\n`);
  expect(() => claimPidFile(file)).toThrow(
    expect.objectContaining({
      code: 'ALREADY_RUNNING',
      message: expect.stringContaining(`process ${process.ppid}`) as string,
    }),
  );
});

it.each([
  ['a run that died', () => `${spawnSync('true').pid}\n`],
  ['a file cut short', () => ''],
])('takes over the folder of %s', (_name, content) => {
  writeFileSync(file, content());
  claimPidFile(file);
  expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
});

it('does not give back what another run has taken over', async () => {
  const claim = claimPidFile(file);
  writeFileSync(file, '1\n');
  await claim.stop();
  expect(readFileSync(file, 'utf8')).toBe('1\n');
});
