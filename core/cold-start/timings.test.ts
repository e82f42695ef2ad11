import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatTimings, parseTimings } from './timings.ts';

it('what is told is what is read', () => {
  const name = fc.stringMatching(/^[a-z][a-z-]{0,31}$/);
  const timings = fc.uniqueArray(fc.tuple(name, fc.nat(1e9)), { selector: ([it]) => it, maxLength: 16 });
  fc.assert(
    fc.property(timings, (told) => {
      expect([...parseTimings(formatTimings(told))]).toEqual(told);
    }),
  );
});

it.each([
  ['nothing', undefined, []],
  ['an empty value', '', []],
  ['another form', 'load=5, total;desc="x";dur=3', []],
  ['one among others that is understood', 'x;y, load;dur=5.5,,', [['load', 5.5]]],
  ['a number without end', `load;dur=${'9'.repeat(100)}`, []],
])('of %s is read what is understood', (_name, value, expected) => {
  expect([...parseTimings(value)]).toEqual(expected);
});

it('bears anything', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      expect(parseTimings(value).size).toBeLessThanOrEqual(16);
    }),
  );
});
