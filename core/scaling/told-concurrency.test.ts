/** Owns the proof of what is told of a concurrency: no replica goes by ignorance, and the last one not before its time. */
import { expect, it } from 'vitest';
import { toldConcurrency } from './told-concurrency.ts';
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
