/** Owns the tests of a container's process where this machine fails it: no place for its note, or for its words. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../platform/clock.ts';
import { makeLogger } from '../../../platform/logging.ts';
import { isAlive } from '../../../platform/processes/process-group.ts';
import { ProcessRecords } from '../../../platform/processes/process-records.ts';
import { startContainerProcess } from './container-process.ts';
import { rotatedPathOf } from './log-file.ts';
import { runCommand } from './run-command.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-container-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const world = () => ({
  workingDir: directory,
  environment: { PATH: '/usr/bin:/bin' },
  owner: 'default/web/main',
});
const parts = (notes: string) => ({
  records: new ProcessRecords(join(directory, notes)),
  clock: systemClock,
  log: makeLogger({ process: 'test', level: 'silent' }),
});
const start = (script: string, notes = 'notes') =>
  startContainerProcess(
    { ...world(), command: ['sh', '-c', script], logPath: join(directory, 'main.log') },
    parts(notes),
  );
const noted = (): number => Number(readFileSync(join(directory, 'pid'), 'utf8'));
const sayPidAndStay = 'trap "" HUP; echo $$ > pid; sleep 1000';

it('does not run without a note of it', async () => {
  writeFileSync(join(directory, 'file'), '');
  await expect(start(sayPidAndStay, 'file')).rejects.toMatchObject({ code: 'CONTAINER_START_FAILED' });
  expect(existsSync(join(directory, 'pid')) && isAlive(noted())).toBe(false);
});

it('does not run with words that no program can be given', async () => {
  await expect(start('echo a\0b')).rejects.toMatchObject({ code: 'CONTAINER_START_FAILED' });
});

it('does not run as a command of a probe without a note of it either', async () => {
  writeFileSync(join(directory, 'file'), '');
  const { records } = parts('file');
  const { signal } = new AbortController();
  await expect(
    runCommand({ ...world(), records }, ['sh', '-c', sayPidAndStay], 60_000, signal),
  ).rejects.toMatchObject({ code: 'CONTAINER_COMMAND_FAILED' });
  await expect.poll(() => existsSync(join(directory, 'pid')) && isAlive(noted())).toBe(false);
});

it('goes on to its end where its output cannot be kept', async () => {
  const running = await start(
    'while [ ! -e go ]; do sleep 0.02; done; head -c 11000000 /dev/zero; echo end; exit 5',
  );
  // What is in the way of the rotation cannot be replaced.
  mkdirSync(rotatedPathOf(join(directory, 'main.log')));
  writeFileSync(join(directory, 'go'), '');
  expect(await running.exited).toBe(5);
});
