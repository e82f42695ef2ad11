import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { makeLogger } from '../../../platform/logging.ts';
import { signalGroup } from '../../../platform/processes/process-group.ts';
import { MemoryGuard } from './memory-guard.ts';

const log = makeLogger({ process: 'test', level: 'silent' });
const mebibyte = 2 ** 20;
const run = (script: string) => spawn(process.execPath, ['-e', script], { detached: true, stdio: 'pipe' });
const useMuch =
  "const all = Buffer.alloc(300 * 2 ** 20, 1); console.log('used'); setInterval(() => all, 1e6);";

describe.skipIf(process.platform !== 'linux')('the memory of a container', () => {
  it('is taken away with its processes when it is more than the limit', async () => {
    const child = run(useMuch);
    const guard = new MemoryGuard(log).guard(child.pid ?? 0, 200 * mebibyte);
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(guard.end()).toBe(true);
  });

  it('is that of all its processes together', async () => {
    const child = run(
      `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(useMuch)}], { stdio: 'inherit' }); setInterval(() => 0, 1e6)`,
    );
    const guard = new MemoryGuard(log).guard(child.pid ?? 0, 200 * mebibyte);
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(guard.end()).toBe(true);
  });

  it('is left to a container that stays below, also to one that ends by itself', async () => {
    const child = run(useMuch);
    const guards = new MemoryGuard(log);
    const guard = guards.guard(child.pid ?? 0, 4_000 * mebibyte);
    // A second one that is too small tells when the first has been looked at.
    const other = run(useMuch);
    const small = guards.guard(other.pid ?? 0, 200 * mebibyte);
    await Promise.all([once(child.stdout, 'data'), once(other, 'exit')]);
    expect(small.end()).toBe(true);
    signalGroup(child.pid ?? 0, 'SIGKILL');
    await once(child, 'exit');
    expect(guard.end()).toBe(false);
  });
});
