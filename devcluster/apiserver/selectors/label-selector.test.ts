import { describe, expect, it } from 'vitest';
import { parseLabelSelector, selectorText } from './label-selector.ts';

describe('a label selector', () => {
  const labels = { app: 'web', tier: 'front', 'example.com/zone': 'a' };
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app=db', false],
    ['app!=db', true],
    ['app!=web', false],
    ['missing!=x', true],
    ['app', true],
    ['missing', false],
    ['!missing', true],
    ['!app', false],
    ['tier in (front, back)', true],
    ['tier in (back)', false],
    ['tier notin (back)', true],
    ['missing notin (back)', true],
    ['app=web,tier in (front,back),!missing', true],
    ['app=web,tier=back', false],
    ['example.com/zone=a', true],
  ])('%j matches: %s', (text, expected) => {
    expect(parseLabelSelector(text)(labels)).toBe(expected);
  });

  it.each(['a b', 'in (a)', 'a=b=c', 'a in b', ','])('%j is refused', (text) => {
    expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ httpStatus: 400 }));
  });

  it('has a text form of its object form that selects the same', () => {
    const text = selectorText({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['front'] },
        { key: 'missing', operator: 'DoesNotExist' },
        { key: 'tier', operator: 'NotIn', values: ['back'] },
        { key: 'app', operator: 'Exists' },
      ],
    });
    expect(text).toBe('app=web,tier in (front),!missing,tier notin (back),app');
    expect(parseLabelSelector(text)(labels)).toBe(true);
  });
});
