/** Owns the check that there is room for what the quickstart installs. */
import { statfsSync } from 'node:fs';
import { AppError } from '../../platform/errors.ts';

const gibibyte = 1024 ** 3;

/**
 * Checks that `neededBytes` are free where `dir` lies.
 *
 * @throws AppError `DISK_FULL` naming what is free and what is needed.
 */
export function checkDisk(dir: string, neededBytes: number, freeBytes = freeBytesOf(dir)): void {
  if (freeBytes >= neededBytes) return;
  throw new AppError(
    'DISK_FULL',
    `${dir} has ${inGibibytes(freeBytes)} GiB free and ${inGibibytes(neededBytes)} GiB are needed; ` +
      'free some, or set FAIRLEAD_HOME to a folder on a disk with more room',
  );
}

function freeBytesOf(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

const inGibibytes = (bytes: number): string => (bytes / gibibyte).toFixed(1);
