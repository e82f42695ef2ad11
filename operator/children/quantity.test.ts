import { describe, expect, it } from 'vitest';
import { sameQuantity } from './quantity.ts';

describe('sameQuantity', () => {
  it.each([
    ['0.5', '500m'],
    ['1024Mi', '1Gi'],
    [1, '1000m'],
    ['1e3', '1k'],
    ['1.5Gi', '1536Mi'],
    ['-1', '-1000m'],
    ['0.1', '100m'],
  ])('%s is %s', (left, right) => {
    expect(sameQuantity(left, right)).toBe(true);
  });

  it.each([
    ['1', '2'],
    ['1G', '1Gi'],
    ['abc', 'abc'],
    ['', ''],
    ['1Xi', '1Xi'],
    [undefined, '1'],
  ])('%s is not, as a quantity, %s', (left, right) => {
    expect(sameQuantity(left, right)).toBe(false);
  });
});
