import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';
import type { RetryAfterHeaders } from './retry-after.ts';

const nothing: RetryAfterHeaders = {
  milliseconds: undefined,
  microsoftMilliseconds: undefined,
  standard: undefined,
};
const now = Date.parse('2026-11-25T12:00:00Z');

describe('parseRetryAfter', () => {
  it.each<[string, Partial<RetryAfterHeaders>, number | undefined]>([
    ['finds nothing where nothing is asked for', {}, undefined],
    ['reads seconds', { standard: '3' }, 3_000],
    ['reads fractions of a second, which some servers send', { standard: '0.5' }, 500],
    ['reads a date', { standard: 'Wed, 25 Nov 2026 12:00:07 GMT' }, 7_000],
    ['takes a date in the past for now', { standard: 'Wed, 25 Nov 2026 11:00:00 GMT' }, 0],
    ['prefers milliseconds', { milliseconds: '250', standard: '1' }, 250],
    ["reads Azure's milliseconds", { microsoftMilliseconds: '40', standard: '1' }, 40],
    ['goes on to the next header where one is nonsense', { milliseconds: '-1', standard: '2' }, 2_000],
    ['does not understand anything else', { standard: 'soon' }, undefined],
  ])('%s', (_name, headers, expected) => {
    expect(parseRetryAfter({ ...nothing, ...headers }, now)).toBe(expected);
  });
});
