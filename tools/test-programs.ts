/** Owns the programs of the system that tests need, and how a continuous integration machine comes by them. */
import { spawnSync } from 'node:child_process';
import { findRedisServer } from '../proxy/testing/redis-server-fixture.ts';

/**
 * Installs a Redis server where none is there: on a machine of continuous integration alone, as root and with apt-get.
 * Elsewhere, and where that fails, the tests that need one say what to install.
 */
export function installTestPrograms(note: (text: string) => void): void {
  const isOurMachine = process.env['CI'] === 'true' && process.getuid?.() === 0;
  if (!isOurMachine || findRedisServer() !== undefined) return;
  note('installing a Redis server for the tests of limits');
  // The level of an init that starts nothing: the tests start servers of their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'redis-server']]) {
    const { status, error } = spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0)
      note(`apt-get ${args[0] ?? ''} failed: ${error?.message ?? `status ${status ?? 'unknown'}`}`);
  }
}
