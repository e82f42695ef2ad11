/** Owns waiting in journeys: until something is so, with the last thing seen in the error when it never is. */
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

/** Returns the first value of `look` that `isSo` accepts; looks ten times a second. */
export async function eventually<Value>(
  what: string,
  timeoutMs: number,
  look: () => Promise<Value>,
  isSo: (value: Value) => boolean,
): Promise<Value> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (isSo(value)) return value;
    if (performance.now() > deadline) {
      throw new Error(`not within ${timeoutMs} ms: ${what}; last seen: ${inspect(value, { depth: 6 })}`);
    }
    await delay(100);
  }
}
