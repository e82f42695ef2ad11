/** Owns giving back the memory that a start has used: what was parsed, compiled and is not needed any more. */

/**
 * Collects garbage thoroughly, which holds the process up for some milliseconds: for the time before the first request.
 * Without the option `--expose-gc` of Node.js it does nothing, and memory goes back later or not at all.
 */
export function compactHeap(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
