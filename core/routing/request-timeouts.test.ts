import { describe, expect, it } from 'vitest';
import { requestTimeouts } from './request-timeouts.ts';
import type { RequestTimeouts } from './request-timeouts.ts';

const configured: RequestTimeouts = { totalMs: 297_000, firstByteMs: 297_000, idleMs: 120_000 };

describe('an endpoint', () => {
  it.each<[string, Parameters<typeof requestTimeouts>[0], Partial<RequestTimeouts>]>([
    ['that asks for nothing has the configured limits', undefined, {}],
    ['that asks for an empty section has the configured limits', {}, {}],
    [
      'that asks for less gets less',
      { total: '10s', firstByte: '5s', idle: '1s' },
      { totalMs: 10_000, firstByteMs: 5_000, idleMs: 1_000 },
    ],
    [
      'that asks for more in all may begin to answer as late',
      { total: '10m' },
      { totalMs: 600_000, firstByteMs: 600_000 },
    ],
    [
      'that asks for less in all keeps the other limits, which then never come to pass',
      { total: '10s' },
      { totalMs: 10_000 },
    ],
  ])('%s', (_name, given, expected) => {
    expect(requestTimeouts(given, configured)).toEqual({ ...configured, ...expected });
  });
});
