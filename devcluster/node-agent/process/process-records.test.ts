import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeLogger } from '../../../platform/logging.ts';
import { ProcessRecords } from './process-records.ts';
import { signalGroup } from './signal.ts';

const log = makeLogger({ process: 'test', level: 'silent' });
let directory: string;
let child: ChildProcess;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-records-'));
  child = spawn('/bin/sh', ['-c', `trap '' TERM; sleep 1000 & wait; wait`], {
    detached: true,
    stdio: 'ignore',
  });
  await once(child, 'spawn');
});
afterEach(async () => {
  signalGroup(child.pid ?? 0, 'SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

const pid = (): number => child.pid ?? 0;
const recordPath = (): string => join(directory, `${pid()}.json`);

describe('processes that an earlier run left behind', () => {
  it('are ended with their whole group, and forgotten', async () => {
    await new ProcessRecords(directory).add(pid(), 'default/web/main');
    const exited = once(child, 'exit');
    await new ProcessRecords(directory).endLeftovers(log, 100);
    await exited;
    while (signalGroup(pid(), 'SIGKILL')) await sleep(5);
    expect(await readdir(directory)).toEqual([]);
  });

  it.each<[string, (record: string) => string]>([
    [
      'that started at another time',
      (record) => JSON.stringify({ ...(JSON.parse(record) as object), startTime: 'x' }),
    ],
    ['whose record was cut', (record) => record.slice(0, -5)],
    ['whose record names no process', () => '{"pid":0,"startTime":"x"}'],
  ])('are left alone where it is a process %s', async (_name, change) => {
    await new ProcessRecords(directory).add(pid(), 'default/web/main');
    await writeFile(recordPath(), change(await readFile(recordPath(), 'utf8')));
    await new ProcessRecords(directory).endLeftovers(log, 100);
    expect(child.exitCode ?? child.signalCode).toBeNull();
    expect(await readdir(directory)).toEqual([]);
  });

  it('are none where nothing was recorded', async () => {
    await expect(new ProcessRecords(join(directory, 'none')).endLeftovers(log)).resolves.toBeUndefined();
  });

  it('are not those that ended by themselves', async () => {
    const records = new ProcessRecords(directory);
    await records.add(pid(), 'default/web/main');
    await records.remove(pid());
    expect(await readdir(directory)).toEqual([]);
  });
});
