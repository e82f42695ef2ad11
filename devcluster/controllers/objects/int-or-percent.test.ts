import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveIntOrPercent } from './int-or-percent.ts';

describe('a number or percentage', () => {
  it('rounds to the side that it is asked to', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 10_000 }), (percent, total) => {
        const up = resolveIntOrPercent(`${percent}%`, total, 'up');
        const down = resolveIntOrPercent(`${percent}%`, total, 'down');
        expect(up - down).toBe((percent * total) % 100 === 0 ? 0 : 1);
        expect(down * 100).toBeLessThanOrEqual(percent * total);
      }),
    );
  });
});
