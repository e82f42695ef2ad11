/** Owns the tests of the rule that one folder serves one run. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTimeOf } from '../../platform/processes/start-time.ts';
import { claimPidFile } from './pid-file.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pid-file-'));
  file = join(dir, 'run.pid');
});
afterEach(() => rmSync(dir, { recursive: true }));

const isOurs = (): boolean => readFileSync(file, 'utf8').startsWith(`${process.pid}\n`);

it('claims a free folder and gives it back', async () => {
  const claim = await claimPidFile(file);
  expect(isOurs()).toBe(true);
  await claim.stop();
  expect(existsSync(file)).toBe(false);
});

it('refuses a folder whose run is alive, naming its process', async () => {
  writeFileSync(file, `${process.ppid}\n${(await startTimeOf(process.ppid)) ?? ''}\n`);
  await expect(claimPidFile(file)).rejects.toMatchObject({
    code: 'ALREADY_RUNNING',
    message: expect.stringContaining(`process ${process.ppid}`) as string,
  });
});

it.each([
  ['a run that died', () => `${spawnSync('true').pid}\nearlier\n`],
  ['a run that died, whose id another process has now', () => `${process.ppid}\nearlier\n`],
  ['a file cut short', () => ''],
])('takes over the folder of %s', async (_name, content) => {
  writeFileSync(file, content());
  await claimPidFile(file);
  expect(isOurs()).toBe(true);
});

it('does not give back what another run has taken over', async () => {
  const claim = await claimPidFile(file);
  writeFileSync(file, '1\n');
  await claim.stop();
  expect(readFileSync(file, 'utf8')).toBe('1\n');
});
