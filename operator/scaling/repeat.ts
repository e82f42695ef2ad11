/** Owns doing something again and again, one at a time, until told to stop. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Starts to call `look`, which must not throw, with a pause after each call; `stop` aborts the signal that the call was
 * given, and waits for it.
 */
export function startRepeating(
  look: (signal: AbortSignal) => Promise<void>,
  pauseMs: number,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = (async () => {
    while (!signal.aborted) {
      await look(signal);
      await sleep(pauseMs, undefined, { signal }).catch(() => {
        // Stopped while waiting: the loop looks at the signal next.
      });
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
