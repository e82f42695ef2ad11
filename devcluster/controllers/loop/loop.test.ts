import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeLogger } from '../../../platform/logging.ts';
import type { Reconcile } from './loop.ts';
import { Loop } from './loop.ts';

const log = makeLogger({ process: 'test', level: 'silent' });

function makeLoop(reconcile: Reconcile): Loop {
  return new Loop({ name: 'test', reconcile, log, retryDelaysMs: { first: 1, longest: 4 } });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}

describe('a loop', () => {
  it('runs a key once for all that happened before its turn', async () => {
    const seen: string[] = [];
    const loop = makeLoop((key) => void seen.push(key));
    for (const key of ['a', 'b', 'a', 'a']) loop.enqueue(key);
    expect(seen).toEqual([]);
    await until(() => seen.length === 2);
    await loop.stop();
    expect(seen).toEqual(['a', 'b']);
  });

  it('runs a key again that was enqueued while it ran', async () => {
    let runs = 0;
    const loop = makeLoop(async () => {
      runs += 1;
      if (runs === 1) loop.enqueue('a');
      await sleep(1);
    });
    loop.enqueue('a');
    await until(() => runs === 2);
    await loop.stop();
    expect(runs).toBe(2);
  });

  it('retries what failed until it succeeds', async () => {
    let runs = 0;
    const loop = makeLoop(() => {
      runs += 1;
      if (runs < 4) throw new Error('not yet');
      return undefined;
    });
    loop.enqueue('a');
    await until(() => runs === 4);
    await loop.stop();
  });

  it('looks again when the reconcile asks for it, at the earlier of two times', async () => {
    let runs = 0;
    const loop = makeLoop(() => {
      runs += 1;
      return runs === 1 ? 60_000 : undefined;
    });
    loop.enqueue('a');
    await until(() => runs === 1);
    loop.enqueueAfter('a', 1);
    await until(() => runs === 2);
    await loop.stop();
  });

  it('waits for the running reconcile when it stops, and starts none after', async () => {
    let ended = false;
    const loop = makeLoop(async () => {
      await sleep(20);
      ended = true;
    });
    loop.enqueue('a');
    await sleep(5);
    loop.enqueue('b');
    await loop.stop();
    expect(ended).toBe(true);
    loop.enqueue('c');
    ended = false;
    await sleep(5);
    expect(ended).toBe(false);
  });
});
