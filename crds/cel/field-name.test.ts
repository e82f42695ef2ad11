/** Owns the tests of the names by which rules reach fields. */
import { expect, it } from 'vitest';
import { celFieldName } from './field-name.ts';

it.each([
  ['name', 'name'],
  ['namespace', '__namespace__'],
  ['x-y', 'x__dash__y'],
  ['a.b/c', 'a__dot__b__slash__c'],
  ['under__score', 'under__underscores__score'],
  ['under_score', 'under_score'],
])('the field %s is %s to CEL', (field, name) => {
  expect(celFieldName(field)).toBe(name);
});
