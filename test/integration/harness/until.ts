/** Owns waiting in tests: for a condition, never for a time. */
import { setTimeout as sleep } from 'node:timers/promises';

const timeoutMs = 20_000;

/** Resolves when `condition` first returns something truthy, with that; throws with its words when it never does. */
export async function until<Value>(
  what: string,
  condition: () => Promise<Value | undefined | false> | Value | undefined | false,
): Promise<Value> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await condition();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await sleep(25);
  }
  throw new Error(`${what}: did not come about within ${timeoutMs} ms`, { cause: last });
}
