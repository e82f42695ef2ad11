/** Owns the tests of signals to process groups, with real processes. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { isAlive, signalGroup } from './process-group.ts';

it('reaches what the leader of the group started', async () => {
  const leader = spawn('/bin/sh', ['-c', 'sleep 1000 & echo $!; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [text] = (await once(leader.stdout, 'data')) as [Buffer];
  const child = Number(text.toString());
  expect(isAlive(child)).toBe(true);
  expect(signalGroup(leader.pid ?? 0, 'SIGKILL')).toBe(true);
  await expect.poll(() => isAlive(child)).toBe(false);
});

it('tells that nothing is left of a group that ended', () => {
  expect(signalGroup(spawnSync('true').pid, 'SIGKILL')).toBe(false);
});

it('knows a process of another user to be alive', () => {
  expect(isAlive(1)).toBe(true);
});

it('knows a process that ended not to be', () => {
  expect(isAlive(spawnSync('true').pid)).toBe(false);
});
