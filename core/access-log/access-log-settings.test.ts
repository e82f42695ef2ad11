import { expect, it } from 'vitest';
import { accessLogSchema, hasLine } from './access-log-settings.ts';

const good = { status: 200, reason: '', tookMs: 10 };

it.each<[string, object, object, number, boolean]>([
  ['every request has a line by default', {}, good, 0.999, true],
  ['a request in the sample has one', { sampling: 0.1 }, good, 0.05, true],
  ['one that is not in the sample has none', { sampling: 0.1 }, good, 0.1, false],
  ['a sample of nothing is nothing', { sampling: 0 }, good, 0, false],
  ['what the caller did wrong always has one', { sampling: 0 }, { ...good, status: 404 }, 0.9, true],
  ['what failed always has one', { sampling: 0 }, { ...good, status: 503 }, 0.9, true],
  ['a caller who went away always has one', { sampling: 0 }, { ...good, status: 499 }, 0.9, true],
  [
    'an answer that was cut always has one',
    { sampling: 0 },
    { ...good, reason: 'upstream_broke' },
    0.9,
    true,
  ],
  ['what was slow always has one', { sampling: 0, slowMs: 100 }, { ...good, tookMs: 100 }, 0.9, true],
])('%s', (_name, settings, request, random, expected) => {
  expect(hasLine(accessLogSchema.parse(settings), { ...good, ...request }, () => random)).toBe(expected);
});
