import { expect, it } from 'vitest';
import { parseTicks, sharesBetween } from './facts.ts';
import { checkQuietness } from './quietness.ts';

const quiet = {
  before: { load: 0.4, others: 0.01 },
  during: { others: 0.02, stolen: 0.001 },
  after: { load: 3, others: 0.02 },
};

it.each([
  ['is quiet when only the run itself loads it', quiet, []],
  [
    'is quiet after another suite, whose load the average still has',
    { ...quiet, before: { load: 2.5, others: 0.01 } },
    [],
  ],
  [
    'is not when others used the cores at any time',
    {
      before: { load: 0.4, others: 0.25 },
      during: { others: 0.1, stolen: 0 },
      after: { load: 3, others: 0.5 },
    },
    [
      'Others used 25 % of the cores before the run.',
      'Others used 10 % of the cores during the run.',
      'Others used 50 % of the cores after the run.',
    ],
  ],
  [
    'is not when it shares its cores with other machines',
    { ...quiet, during: { others: 0, stolen: 0.1 } },
    ["The hypervisor took 10 % of the cores' time."],
  ],
])('a machine %s', (_name, surroundings, expected) => {
  expect(checkQuietness(surroundings)).toEqual(expected);
});

const stat = (user: number): string => `cpu  ${user} 1 5 100 4 1 2 7 3 0\ncpu0 5 1 2 50 2 1 1 3 1 0\n`;
const self = (user: number): string => `77 (node (bench)) S 1 1 1 0 -1 0 0 0 0 0 ${user} 2 3 4 20 0 11 0`;

it('reads the time of all cores, and its own with that of what it has started', () => {
  expect(parseTicks(stat(10), self(1))).toEqual({ total: 130, used: 16, own: 10, stolen: 7 });
});

it.each([
  ['what programs used and were not of the run', 110, 31, { others: 0.7, stolen: 0 }],
  ['nobody when it was all of the run', 110, 101, { others: 0, stolen: 0 }],
  ['nobody when the clocks disagree a little', 110, 105, { others: 0, stolen: 0 }],
  ['nobody in no time', 10, 1, { others: 0, stolen: 0 }],
])('counts as others %s', (_name, user, own, expected) => {
  expect(sharesBetween(parseTicks(stat(10), self(1)), parseTicks(stat(user), self(own)))).toEqual(expected);
});
