/** Owns the tests of long-lived child processes, with real ones. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAlive } from '../../platform/processes/process-group.ts';
import { startServiceProcess } from './service-process.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'service-process-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const start = (script: string) =>
  startServiceProcess('server', ['sh', '-c', script], { logFile: join(dir, 'server.log'), env: process.env });

it('ends it in good order', async () => {
  const service = start('trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.05; done');
  await expect.poll(() => service.lastLines(1)).toBe('    up');
  await service.stop();
  expect(await service.ended).toBe('exit status 0');
  expect(service.lastLines(1)).toBe('    bye');
});

it('ends it by force when it does not listen', async () => {
  const service = start('trap "" TERM; echo up; while :; do sleep 0.05; done');
  await expect.poll(() => service.lastLines(1)).toBe('    up');
  const stopped = service.stop();
  service.force();
  await stopped;
  expect(await service.ended).toBe('SIGKILL');
  expect(isAlive(service.pid)).toBe(false);
});

it('tells how it ended by itself', async () => {
  expect(await start('exit 7').ended).toBe('exit status 7');
});

it('tells that it could not be started', async () => {
  const options = { logFile: join(dir, 'x.log'), env: process.env };
  expect(await startServiceProcess('x', ['/no/such/program'], options).ended).toMatch(/ENOENT/);
});
