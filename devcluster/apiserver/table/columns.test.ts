import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../objects/kube-object.ts';
import { customColumn, durationText } from './columns.ts';

describe('a duration', () => {
  const second = 1_000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  it.each([
    [0, '0s'],
    [-500, '0s'],
    [-5 * second, '<invalid>'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [9 * minute + 5 * second, '9m5s'],
    [10 * minute + 5 * second, '10m'],
    [3 * hour + 5 * minute, '3h5m'],
    [9 * hour + 5 * minute, '9h'],
    [2 * day + 3 * hour, '2d3h'],
    [9 * day, '9d'],
    [800 * day, '2y70d'],
    [9 * 365 * day, '9y'],
  ])('of %d ms reads %s', (milliseconds, expected) => {
    expect(durationText(milliseconds)).toBe(expected);
  });
});

describe('a custom column', () => {
  const boat = {
    metadata: { name: 'b' },
    spec: { at: '2026-01-01T00:00:00Z', n: 3, list: ['a', 'b'] },
  } as unknown as KubeObject;
  const now = Date.parse('2026-01-01T00:05:00Z');
  it.each([
    ['an integer as it is', { type: 'integer', jsonPath: '.spec.n' }, 3],
    ['an integer as text', { type: 'string', jsonPath: '.spec.n' }, '3'],
    ['a date as an age', { type: 'date', jsonPath: '.spec.at' }, '5m'],
    ['several values, joined', { type: 'string', jsonPath: '.spec.list[*]' }, 'a,b'],
    ['nothing for an absent number', { type: 'integer', jsonPath: '.spec.x' }, null],
    ['an empty text for an absent text', { type: 'string', jsonPath: '.spec.x' }, ''],
  ])('shows %s', (_name, column, expected) => {
    expect(customColumn({ name: 'c', ...column }).cell(boat, now)).toBe(expected);
  });
});
