import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText, parseQuantity, quantityText } from './quantity.ts';

describe('a quantity', () => {
  it.each<[string | number, bigint]>([
    ['0', 0n],
    ['1', 1_000n],
    ['250m', 250n],
    ['1.5', 1_500n],
    ['.5', 500n],
    ['5.', 5_000n],
    ['2k', 2_000_000n],
    ['1Ki', 1_024_000n],
    ['1.5Gi', 1_610_612_736_000n],
    ['1e3', 1_000_000n],
    ['1E3', 1_000_000n],
    ['15e-1', 1_500n],
    ['1E', 10n ** 21n],
    ['1n', 1n],
    ['1001u', 2n],
    ['-1001u', -2n],
    ['-3', -3_000n],
    [4, 4_000n],
  ])('%s is %s thousandths', (text, expected) => {
    expect(parseQuantity(text)).toBe(expected);
  });

  it.each(['', 'x', '1 Gi', '1gi', '--1', '1e', '1mm', '.'])('cannot be "%s"', (text) => {
    expect(() => parseQuantity(text)).toThrow(`"${text}" is not a quantity`);
  });

  it('is what it was when written and read again', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 20n }), (n) => parseQuantity(quantityText(n)) === n),
    );
  });
});

describe('a sum', () => {
  it.each<[string, 'binary' | 'decimal', string]>([
    ['1024Mi', 'binary', '1Gi'],
    ['1536Mi', 'binary', '1536Mi'],
    ['1000', 'binary', '1000'],
    ['0', 'binary', '0'],
    ['2000', 'decimal', '2k'],
    ['1500m', 'decimal', '1500m'],
    ['12', 'decimal', '12'],
  ])('of %s is written with the largest unit (%s)', (quantity, base, expected) => {
    expect(canonicalText(parseQuantity(quantity), base)).toBe(expected);
  });
});
