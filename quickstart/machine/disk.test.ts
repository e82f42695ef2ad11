/** Owns the tests of the disk check. */
import { expect, it } from 'vitest';
import { checkDisk } from './disk.ts';

const gibibyte = 1024 ** 3;

it('is content with as much as is needed', () => {
  expect(() => checkDisk('/data', 2 * gibibyte, 2 * gibibyte)).not.toThrow();
});

it('names what is free, what is needed and the remedy', () => {
  expect(() => checkDisk('/data', 2 * gibibyte, gibibyte / 2)).toThrow(
    /\/data has 0\.5 GiB free and 2\.0 GiB are needed; .*FAIRLEAD_HOME/,
  );
});

it('reads what is free on the disk of a folder', () => {
  expect(() => checkDisk(import.meta.dirname, 2 ** 60)).toThrow(/GiB free/);
});
