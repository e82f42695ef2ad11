import { expect, it } from 'vitest';
import { parseTicks } from './facts.ts';
import { checkQuietness } from './quietness.ts';

const quiet = { cores: 2, before: { load: 0.4, busy: 0.01 }, after: { load: 3, busy: 0.02 }, stolen: 0.001 };

it.each([
  ['is quiet when only the run itself loads it', quiet, []],
  [
    'is not when the load was high before the run',
    { ...quiet, before: { load: 1.4, busy: 0.01 } },
    ['The load average before the run was 1.4, more than 1.0.'],
  ],
  [
    'takes the same load when it has more cores',
    { ...quiet, cores: 4, before: { load: 1.4, busy: 0.01 } },
    [],
  ],
  [
    'is not when others used the cores, before or after',
    { ...quiet, before: { load: 0.4, busy: 0.25 }, after: { load: 3, busy: 0.5 } },
    ['Others used 25 % of the cores before the run.', 'Others used 50 % of the cores after the run.'],
  ],
  [
    'is not when it shares its cores with other machines',
    { ...quiet, stolen: 0.1 },
    ["The hypervisor took 10 % of the cores' time."],
  ],
])('a machine %s', (_name, surroundings, expected) => {
  expect(checkQuietness(surroundings)).toEqual(expected);
});

it('reads the time of all cores from the first line of /proc/stat', () => {
  const stat = 'cpu  10 1 5 100 4 1 2 7 3 0\ncpu0 5 1 2 50 2 1 1 3 1 0\n';
  expect(parseTicks(stat)).toEqual({ total: 130, idle: 104, stolen: 7 });
});
