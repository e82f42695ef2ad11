/** Owns the checks before anything is started: what would fail later, said now and with its remedy. */
import type { Home } from '../home.ts';
import { isEnvironmentReady, servingLocks } from '../python/environment.ts';
import { adminPortOf, directPortOf } from '../settings.ts';
import { checkLoopback, checkPort } from './addresses.ts';
import { checkDisk } from './disk.ts';
import { findPython } from './python.ts';
import type { Python } from './python.ts';

const gibibyte = 1024 ** 3;

/**
 * Returns the Python to use on a machine that has all that a run needs.
 *
 * @throws AppError as `findPython`, `checkLoopback`, `checkPort` and `checkDisk` do.
 */
export async function checkMachine(home: Home, port: number): Promise<Python> {
  const python = findPython();
  await checkLoopback();
  await checkPort(port);
  await checkPort(adminPortOf(port));
  await checkPort(directPortOf(port));
  const installed = isEnvironmentReady({ dir: home.python, python, locks: servingLocks });
  checkDisk(home.dir, installed ? gibibyte / 4 : 2 * gibibyte);
  return python;
}
