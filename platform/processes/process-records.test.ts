/** Owns the tests of ending what a crash left behind, with real processes. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, signalGroup } from './process-group.ts';
import { ProcessRecords } from './process-records.ts';

let directory: string;
let leader: ChildProcess;
/** A process that the leader started. */
let child: number;

async function start(script: string): Promise<void> {
  leader = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const [text] = (await once(leader.stdout!, 'data')) as [Buffer];
  child = Number(text.toString());
}

const pid = (): number => leader.pid ?? 0;
const recordPath = (): string => join(directory, `${pid()}.json`);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-records-'));
  await start(`trap '' TERM; sleep 1000 & echo $!; wait; wait`);
});
afterEach(async () => {
  signalGroup(pid(), 'SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

describe('processes that an earlier run left behind', () => {
  it('are told, ended with their whole group, and forgotten', async () => {
    await new ProcessRecords(directory).add(pid(), 'default/web/main');
    const found: string[] = [];
    const onFound = ({ owner }: { owner: string }): void => void found.push(owner);
    await new ProcessRecords(directory).endLeftovers({ graceMs: 100, onFound });
    await expect.poll(() => [isAlive(pid()), isAlive(child)]).toEqual([false, false]);
    expect(found).toEqual(['default/web/main']);
    expect(await readdir(directory)).toEqual([]);
  });

  it('take along what they started, also where that does not listen and they do', async () => {
    signalGroup(pid(), 'SIGKILL');
    await start(`sh -c 'trap "" TERM; echo $$; sleep 1000; sleep 1000' & trap 'exit 0' TERM; wait`);
    await new ProcessRecords(directory).add(pid(), 'default/web/main');
    await new ProcessRecords(directory).endLeftovers();
    await expect.poll(() => [isAlive(pid()), isAlive(child)]).toEqual([false, false]);
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
    await new ProcessRecords(directory).endLeftovers({ graceMs: 100 });
    expect(isAlive(pid())).toBe(true);
    expect(await readdir(directory)).toEqual([]);
  });

  it('are none where nothing was recorded', async () => {
    await expect(new ProcessRecords(join(directory, 'none')).endLeftovers()).resolves.toBeUndefined();
  });

  it('cannot be told where the notes cannot be read, which is an error', async () => {
    const path = join(directory, 'file');
    await writeFile(path, '');
    await expect(new ProcessRecords(path).endLeftovers()).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('are not those that ended by themselves', async () => {
    const records = new ProcessRecords(directory);
    await records.add(pid(), 'default/web/main');
    await records.remove(pid());
    expect(await readdir(directory)).toEqual([]);
  });
});
