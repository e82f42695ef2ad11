import { describe, expect, it } from 'vitest';
import { nextLookInMs } from './foundations.ts';

describe('the foundations are looked after again', () => {
  it.each([
    ['in a minute, where they stand', 0, 60_000],
    ['at once, where they could not be laid', 1, 250],
    ['a little later after the second failure', 2, 500],
    ['ever later', 7, 16_000],
    ['but never later than in half a minute', 8, 30_000],
    ['however long it fails', 10_000, 30_000],
  ])('%s', (_name, failures, expected) => {
    expect(nextLookInMs(failures)).toBe(expected);
  });
});
