import { expect, it } from 'vitest';
import { podAddress } from './population.ts';
import { makeEndpointsReport } from './report.ts';

it('tells what many endpoints cost beside one', () => {
  const one = {
    endpoints: 1,
    idleMiB: 80,
    loadedMiB: 120,
    microsecondsPerRequest: 40,
    requestsPerSecond: 9_000,
  };
  const many = { ...one, endpoints: 1_001, idleMiB: 90, loadedMiB: 200, microsecondsPerRequest: 50 };
  const { text, ratios } = makeEndpointsReport(one, many, {});
  expect(text).toContain('takes 10.2 KiB');
  expect(ratios).toMatchObject({ 'gateway: CPU with 1001 endpoints × with one': 1.25 });
});

it.each([
  ['the first pod', 0, '127.20.0.1'],
  ['the last of the first 250', 249, '127.20.0.250'],
  ['the one after it', 250, '127.20.1.1'],
])('%s has an address of its own', (_name, index, address) => {
  expect(podAddress(index)).toBe(address);
});
