import { describe, expect, it } from 'vitest';
import { matchesSelector, selectorText } from './selector.ts';

const labels = { app: 'web', tier: 'front' };
const expression = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, ...(values.length === 0 ? {} : { values }) }],
});

describe('a label selector', () => {
  it.each([
    ['matches everything when empty', {}, true],
    ['matches labels', { matchLabels: { app: 'web' } }, true],
    ['wants all labels', { matchLabels: { app: 'web', tier: 'back' } }, false],
    ['knows In', expression('tier', 'In', 'back', 'front'), true],
    ['knows NotIn', expression('tier', 'NotIn', 'front'), false],
    ['takes a missing label as not in', expression('zone', 'NotIn', 'a'), true],
    ['knows Exists', expression('zone', 'Exists'), false],
    ['knows DoesNotExist', expression('zone', 'DoesNotExist'), true],
    ['matches nothing by an operator that it does not know', expression('app', 'Like', 'w'), false],
  ])('%s', (_name, selector, expected) => {
    expect(matchesSelector(selector, labels)).toBe(expected);
  });

  it('is written as a query writes it', () => {
    const selector = {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['a', 'b'] },
        { key: 'zone', operator: 'NotIn', values: ['c'] },
        { key: 'gpu', operator: 'Exists' },
        { key: 'canary', operator: 'DoesNotExist' },
      ],
    };
    expect(selectorText(selector)).toBe('app=web,tier in (a,b),zone notin (c),gpu,!canary');
  });
});
