import { describe, expect, it } from 'vitest';
import { applyMergePatch } from './merge-patch.ts';

describe('a merge patch', () => {
  it.each([
    ['replaces a field', { a: 'b' }, { a: 'c' }, { a: 'c' }],
    ['adds a field', { a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    ['removes a field that it sets to null', { a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    ['replaces a list as a whole', { a: ['b'] }, { a: ['c', 'd'] }, { a: ['c', 'd'] }],
    ['goes into objects', { a: { b: 'c', d: 'e' } }, { a: { b: null } }, { a: { d: 'e' } }],
    ['makes an object of a scalar', { a: 1 }, { a: { b: { c: null } } }, { a: { b: {} } }],
    ['keeps a null that was there', { a: null }, { b: 1 }, { a: null, b: 1 }],
  ])('%s', (_name, target, patch, expected) => {
    expect(applyMergePatch(target, patch)).toEqual(expected);
  });
});
