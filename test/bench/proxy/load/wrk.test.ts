import { expect, it } from 'vitest';
import { body } from './request.ts';
import { makeScript, parseResult } from './wrk.ts';

it('has a body of 150 bytes, as the budgets of the design do', () => {
  expect(Buffer.byteLength(body)).toBe(150);
});

it('asks many paths in turn, and makes no request anew where there is one', () => {
  expect(makeScript(['/a', '/b'])).toContain('ipairs({"/a", "/b"})');
  expect(makeScript(['/a'])).not.toContain('request = function');
});

it('reads what the script of wrk prints', () => {
  expect(parseResult('Running 2s test\nRESULT 1000 2000000 450 12000 3\n')).toEqual({
    requests: 1_000,
    requestsPerSecond: 500,
    p50Ms: 0.45,
    p99Ms: 12,
    errors: 3,
  });
});

it('says so when wrk gave up', () => {
  expect(() => parseResult('unable to connect')).toThrow('wrk printed no result:\nunable to connect');
});
