import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickLeastBusy } from './least-request.ts';

describe('pickLeastBusy', () => {
  it('finds none among none', () => {
    const none: { inFlight: number }[] = [];
    expect(pickLeastBusy(none, Math.random)).toBeUndefined();
  });

  it('takes the only one, however busy', () => {
    const only = { inFlight: 99 };
    expect(pickLeastBusy([only], Math.random)).toBe(only);
  });

  it('never takes the busiest of all when it is busier than every other', () => {
    const others = fc.array(fc.nat(50), { minLength: 1, maxLength: 8 });
    const draws = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
      minLength: 2,
      maxLength: 2,
    });
    fc.assert(
      fc.property(others, draws, (loads, drawn) => {
        const busiest = { inFlight: 51 };
        const replicas = [busiest, ...loads.map((inFlight) => ({ inFlight }))];
        let next = 0;
        const picked = pickLeastBusy(replicas, () => drawn[next++ % 2] ?? 0);
        expect(picked).toBeDefined();
        expect(picked).not.toBe(busiest);
      }),
    );
  });
});
