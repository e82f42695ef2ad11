import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Slots } from './slots.ts';
import type { SlotBounds } from './slots.ts';

interface Waiter {
  readonly id: number;
}

function makeSlots(first: Partial<SlotBounds> = {}): {
  slots: Slots<Waiter>;
  turns: number[];
  timedOut: number[];
  bounds: { limit: number; queue: number; queueTimeoutMs: number };
} {
  const bounds = { limit: 2, queue: 3, queueTimeoutMs: 1_000, ...first };
  const turns: number[] = [];
  const timedOut: number[] = [];
  const slots = new Slots<Waiter>({
    bounds: () => bounds,
    onTurn: ({ id }) => turns.push(id),
    onTimeout: ({ id }) => timedOut.push(id),
    now: () => Date.now(),
  });
  return { slots, turns, timedOut, bounds };
}

describe('Slots', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('gives turns, then places in the queue, then nothing', () => {
    const { slots } = makeSlots();
    expect([1, 2, 3, 4, 5, 6].map((id) => slots.take({ id }))).toEqual([
      'taken',
      'taken',
      'waits',
      'waits',
      'waits',
      'full',
    ]);
  });

  it('hands a turn to whoever has waited longest', () => {
    const { slots, turns } = makeSlots();
    [1, 2, 3, 4].forEach((id) => slots.take({ id }));
    slots.giveBack();
    slots.giveBack();
    expect(turns).toEqual([3, 4]);
  });

  it('passes over who has left', () => {
    const { slots, turns } = makeSlots();
    const leaver = { id: 3 };
    [1, 2].forEach((id) => slots.take({ id }));
    slots.take(leaver);
    slots.take({ id: 4 });
    slots.leave(leaver);
    slots.giveBack();
    expect(turns).toEqual([4]);
  });

  it('bounds nothing where the limit is 0', () => {
    const { slots } = makeSlots({ limit: 0 });
    expect(Array.from({ length: 100 }, (_, id) => slots.take({ id }))).not.toContain('waits');
    slots.giveBack();
    expect(slots.taken).toBe(99);
  });

  it('lets more in as soon as the limit is raised', () => {
    const { slots, turns, bounds } = makeSlots();
    [1, 2, 3, 4, 5].forEach((id) => slots.take({ id }));
    bounds.limit = 4;
    slots.admitWaiting();
    expect(turns).toEqual([3, 4]);
  });

  it('gives up on who has waited too long, and on nobody else', () => {
    vi.useFakeTimers();
    const { slots, timedOut } = makeSlots({ limit: 1 });
    [1, 2].forEach((id) => slots.take({ id }));
    vi.advanceTimersByTime(600);
    slots.take({ id: 3 });
    vi.advanceTimersByTime(500);
    expect(timedOut).toEqual([2]);
    expect(slots.waiting).toBe(1);
  });

  it('never gives more turns than the limit, and each turn in order of arrival, whatever happens', () => {
    const events = fc.array(fc.constantFrom('take', 'give back', 'leave'), { maxLength: 300 });
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 4 }), fc.nat(5), (steps, limit, queue) => {
        const { slots, turns } = makeSlots({ limit, queue });
        const waiting: Waiter[] = [];
        steps.forEach((step, id) => {
          if (step === 'take') {
            const waiter = { id };
            if (slots.take(waiter) === 'waits') waiting.push(waiter);
          } else if (step === 'leave') {
            const [leaver] = waiting.splice(0, 1);
            if (leaver !== undefined) slots.leave(leaver);
          } else if (slots.taken > 0) {
            const before = turns.length;
            slots.giveBack();
            expect(turns.slice(before)).toEqual(waiting.splice(0, 1).map((waiter) => waiter.id));
          }
          expect(slots.taken).toBeLessThanOrEqual(limit);
          expect(slots.waiting).toBeLessThanOrEqual(queue);
          expect(slots.waiting).toBe(waiting.length);
        });
      }),
    );
  });
});
