/** Owns the proof of what is told of a concurrency: no replica goes by ignorance, and the last one not before its time. */
import { expect, it } from 'vitest';
import { toldAtZero, toldConcurrency } from './told-concurrency.ts';
import type { DeploymentDemand } from './demand-book.ts';
import type { ToldConcurrencyInput } from './told-concurrency.ts';

const known: ToldConcurrencyInput = {
  concurrency: 5,
  isSettled: true,
  replicas: 4,
  rules: { targetMilli: 2800 },
  mayGoToZero: false,
};

it.each<[name: string, given: Partial<ToldConcurrencyInput>, expected: number]>([
  ['is the average', {}, 5],
  ['keeps the replicas as they are while the average is young', { isSettled: false }, 11.2],
  ['asks for more also while the average is young', { isSettled: false, concurrency: 20 }, 20],
  ['keeps the last replica before its time', { concurrency: 0 }, 0.001],
  ['is nothing once it may go to zero', { concurrency: 0.2, mayGoToZero: true }, 0],
])('%s', (_name, given, expected) => {
  expect(toldConcurrency({ ...known, ...given })).toBeCloseTo(expected, 6);
});

const now = 1_000_000;
const demand: DeploymentDemand = {
  reporters: [],
  lastDemandAt: now - 60_000,
  stableAverage: 2,
  burstAverage: 0,
  isSettled: true,
};

it.each<[name: string, given: DeploymentDemand | undefined, expected: number]>([
  ['where nobody reports', undefined, 0],
  ['where nobody ever asked', { ...demand, lastDemandAt: undefined }, 0],
  ['whatever the average still is of the time before', demand, 0],
])('is nothing at zero %s', (_name, given, expected) => {
  expect(toldAtZero(given, now)).toBe(expected);
});

it.each<[name: string, given: Partial<DeploymentDemand>, expected: number]>([
  ['the average', {}, 2],
  ['at least a trace', { stableAverage: 0 }, 0.001],
])('is %s at zero while a gateway holds a request', (_name, given, expected) => {
  expect(toldAtZero({ ...demand, lastDemandAt: now - 1_000, ...given }, now)).toBe(expected);
});
