import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

/** Items are named by their flow, e.g. `a1`. */
const flowOf = (item: string): string => item.slice(0, 1);

function queueOf(items: readonly string[]): FairQueue<string> {
  const queue = new FairQueue<string>();
  for (const item of items) queue.add(flowOf(item), item);
  return queue;
}

function drain(queue: FairQueue<string>): string[] {
  const order: string[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) order.push(item);
  return order;
}

const items = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 60 })
  .map((flows) => flows.map((flow, index) => `${flow}${index}`));

describe('FairQueue', () => {
  it('lets one of each flow go in turn, in order of arrival within each', () => {
    expect(drain(queueOf(['a1', 'a2', 'a3', 'b1', 'c1', 'b2']))).toEqual([
      'a1',
      'b1',
      'c1',
      'a2',
      'b2',
      'a3',
    ]);
  });

  it('shows whose turn it is without letting them go', () => {
    const queue = queueOf(['a1', 'b1']);
    expect([queue.peek(), queue.peek(), queue.size]).toEqual(['a1', 'a1', 2]);
    expect([queueOf([]).peek(), queueOf([]).shift()]).toEqual([undefined, undefined]);
  });

  it('lets those who come back go before the others of their flow', () => {
    const queue = queueOf(['a1', 'a2', 'b1']);
    expect(queue.shift()).toBe('a1');
    queue.add('a', 'a1', true);
    expect(drain(queue)).toEqual(['b1', 'a1', 'a2']);
  });

  it('leaves a flow its place when one of it goes', () => {
    const queue = queueOf(['a1', 'a2', 'b1', 'b2']);
    expect([queue.remove('a', 'a1'), queue.remove('a', 'a1'), queue.remove('x', 'x1')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(drain(queue)).toEqual(['a2', 'b1', 'b2']);
  });

  it('lets nobody get more than one turn ahead of another who waits as long', () => {
    fc.assert(
      fc.property(items, (waiting) => {
        const counts = new Map<string, number>();
        const left = new Map<string, number>();
        for (const item of waiting) left.set(flowOf(item), (left.get(flowOf(item)) ?? 0) + 1);
        for (const item of drain(queueOf(waiting))) {
          counts.set(flowOf(item), (counts.get(flowOf(item)) ?? 0) + 1);
          left.set(flowOf(item), (left.get(flowOf(item)) ?? 0) - 1);
          const stillWaiting = [...left]
            .filter(([, count]) => count > 0)
            .map(([flow]) => counts.get(flow) ?? 0);
          const most = counts.get(flowOf(item)) ?? 0;
          for (const turns of stillWaiting) expect(most - turns).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('loses nobody and lets nobody go twice, whatever comes, goes and comes back', () => {
    const step = fc.record({ flow: fc.constantFrom('a', 'b', 'c'), action: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const queue = new FairQueue<string>();
        const expected = new Set<string>();
        for (const [index, { flow, action }] of steps.entries()) {
          const item = `${flow}${index}`;
          if (action <= 1) {
            queue.add(flow, item, action === 1);
            expected.add(item);
          } else if (action === 2) {
            const gone = queue.shift();
            expect(gone === undefined ? expected.size === 0 : expected.delete(gone)).toBe(true);
          } else {
            const some = [...expected][index % Math.max(1, expected.size)] ?? item;
            expect(queue.remove(flowOf(some), some)).toBe(expected.delete(some));
          }
          expect(queue.size).toBe(expected.size);
        }
        expect(new Set(queue)).toEqual(expected);
      }),
    );
  });
});
