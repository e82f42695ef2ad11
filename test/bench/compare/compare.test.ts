import { expect, it } from 'vitest';
import { compareRatios } from './compare.ts';

it.each([
  ['that grew by less than the tolerance is the same', { cpu: 1 }, { cpu: 1.14 }, 'same'],
  ['that grew by more is worse', { cpu: 1 }, { cpu: 1.16 }, 'worse'],
  ['that shrank by a little is the same', { cpu: 1 }, { cpu: 0.9 }, 'same'],
  ['that shrank as much as is worse the other way round is better', { cpu: 1.16 }, { cpu: 1 }, 'better'],
  ['that did not exist is new, whatever it is', {}, { cpu: 9 }, 'new'],
  ['that was not measured any more is gone', { cpu: 1 }, {}, 'gone'],
])('a ratio %s', (_name, before: Record<string, number>, after: Record<string, number>, verdict) => {
  const [change] = compareRatios(before, after);
  expect(change).toEqual({ name: 'cpu', before: before['cpu'], after: after['cpu'], verdict });
});

it('tells of each ratio once, those of the newer run first', () => {
  const changes = compareRatios({ old: 1, both: 1 }, { both: 1, fresh: 1 });
  expect(changes.map(({ name }) => name)).toEqual(['both', 'fresh', 'old']);
});
