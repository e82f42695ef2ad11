/** Owns the proof of the queue's promises: never a key twice at once, never a key lost, and the times of delays. */
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeKubeMetrics } from './kube-metrics.ts';
import { WorkQueue } from './workqueue.ts';

let queue: WorkQueue;
beforeEach(() => {
  vi.useFakeTimers();
  queue = new WorkQueue({ name: 'test' });
});
afterEach(() => {
  queue.shutDown();
  vi.useRealTimers();
});

/** Everything that is in line now. */
async function drain(): Promise<(string | undefined)[]> {
  const keys: (string | undefined)[] = [];
  while (queue.depth > 0) keys.push(await queue.get());
  return keys;
}

describe('adding', () => {
  it('hands out keys in the order of arrival', async () => {
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await expect(drain()).resolves.toEqual(['a', 'b', 'c']);
  });

  it('keeps one place for a key that is added twice', async () => {
    for (const key of ['a', 'b', 'a']) queue.add(key);
    await expect(drain()).resolves.toEqual(['a', 'b']);
  });

  it('wakes a worker that waits', async () => {
    const waiting = queue.get();
    queue.add('a');
    await expect(waiting).resolves.toBe('a');
  });

  it('does not hand out a key that is being processed, but does so once after it is done', async () => {
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('a');
    expect(queue.depth).toBe(0);
    queue.done('a');
    await expect(drain()).resolves.toEqual(['a']);
    queue.done('a');
    expect(queue.depth).toBe(0);
  });
});

describe('delays', () => {
  it('put the key in line when they are over, not before', async () => {
    queue.addAfter('a', 1_000);
    await vi.advanceTimersByTimeAsync(999);
    expect(queue.depth).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(queue.depth).toBe(1);
  });

  it.each([
    ['a shorter one after a longer', [1_000, 100]],
    ['a longer one after a shorter', [100, 1_000]],
  ])('for one key: the soonest counts, once, with %s', async (_row, delays) => {
    for (const delay of delays) queue.addAfter('a', delay);
    await vi.advanceTimersByTimeAsync(100);
    await expect(drain()).resolves.toEqual(['a']);
    queue.done('a');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(queue.depth).toBe(0);
  });

  it.each([0, -5])('of %i are none', (delay) => {
    queue.addAfter('a', delay);
    expect(queue.depth).toBe(1);
  });

  it('longer than a timer can keep do not fire at once', async () => {
    const fiftyDays = 50 * 24 * 3_600_000;
    queue.addAfter('a', fiftyDays);
    await vi.advanceTimersByTimeAsync(fiftyDays - 1);
    expect(queue.depth).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(queue.depth).toBe(1);
  });

  it('by the rate limiter grow with each failure until the key is forgotten', async () => {
    queue.addRateLimited('a');
    await vi.advanceTimersByTimeAsync(5);
    expect(queue.depth).toBe(1);
    await drain();
    queue.done('a');
    queue.addRateLimited('a');
    expect(queue.failures('a')).toBe(2);
    await vi.advanceTimersByTimeAsync(9);
    expect(queue.depth).toBe(0);
    queue.forget('a');
    expect(queue.failures('a')).toBe(0);
  });

  it('by the rate limiter are not shorter than the server asked for', async () => {
    queue.addRateLimited('a', 2_000);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(queue.depth).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(queue.depth).toBe(1);
  });
});

describe('shutting down', () => {
  it('lets waiting workers go, hands out what is in line, and takes nothing more', async () => {
    const idle = queue.get();
    queue.shutDown();
    await expect(idle).resolves.toBeUndefined();
    queue.add('a');
    queue.addAfter('b', 1);
    await vi.advanceTimersByTimeAsync(10);
    await expect(queue.get()).resolves.toBeUndefined();
  });

  it('still hands out what was in line', async () => {
    queue.add('a');
    queue.addAfter('b', 1_000);
    queue.shutDown();
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(queue.get()).resolves.toBe('a');
    await expect(queue.get()).resolves.toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('metrics', () => {
  it('say depth, additions, retries and the time in line', async () => {
    const registry = new Registry();
    queue = new WorkQueue({ name: 'endpoints', metrics: makeKubeMetrics(registry) });
    queue.add('a');
    queue.add('a');
    queue.addRateLimited('b');
    await vi.advanceTimersByTimeAsync(5);
    const text = await registry.metrics();
    expect(text).toContain('fairlead_workqueue_depth{queue="endpoints"} 2');
    expect(text).toContain('fairlead_workqueue_adds_total{queue="endpoints"} 2');
    expect(text).toContain('fairlead_workqueue_retries_total{queue="endpoints"} 1');
    await drain();
    await expect(registry.metrics()).resolves.toContain(
      'fairlead_workqueue_queue_seconds_count{queue="endpoints"} 2',
    );
    await expect(registry.metrics()).resolves.toContain('fairlead_workqueue_depth{queue="endpoints"} 0');
  });
});

describe('any interleaving', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), key }),
    fc.record({ do: fc.constant('addAfter' as const), key, ms: fc.nat(50) }),
    fc.record({ do: fc.constant('fail' as const), key }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.nat(30) }),
    fc.record({ do: fc.constant('hire' as const) }),
    fc.record({ do: fc.constant('finish' as const), index: fc.nat(3) }),
  );

  it('never gives a key to two workers, and hands out each addition after it was made', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const tested = new WorkQueue({ name: 'any' });
        const processing: string[] = [];
        const owed = new Set<string>();
        const take = (taken: string | undefined): void => {
          if (taken === undefined) return;
          expect(processing).not.toContain(taken);
          processing.push(taken);
          owed.delete(taken);
        };
        const finish = (index: number): void => {
          const [finished] = processing.splice(index % Math.max(1, processing.length), 1);
          if (finished !== undefined) tested.done(finished);
        };
        for (const one of steps) {
          if (one.do === 'pass') await vi.advanceTimersByTimeAsync(one.ms);
          else if (one.do === 'hire') void tested.get().then(take);
          else if (one.do === 'finish') finish(one.index);
          else {
            owed.add(one.key);
            if (one.do === 'add') tested.add(one.key);
            else if (one.do === 'fail') tested.addRateLimited(one.key);
            else tested.addAfter(one.key, one.ms);
          }
          await vi.advanceTimersByTimeAsync(0);
        }
        // A day passes, and one worker more takes whatever is left.
        for (let round = 0; round < 200 && (owed.size > 0 || processing.length > 0); round += 1) {
          finish(0);
          void tested.get().then(take);
          await vi.advanceTimersByTimeAsync(10_000);
        }
        expect([...owed]).toEqual([]);
        tested.shutDown();
      }),
      { numRuns: 100 },
    );
  });
});
