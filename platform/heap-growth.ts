/** Owns how far garbage may grow before the whole heap is collected. */
import { setFlagsFromString } from 'node:v8';

/**
 * Lets the old part of the heap grow by `percent` of what was in use after a collection before the next one. Left to
 * itself V8 takes about a third where the heap is small or bounded, which under load is a collection every 50 ms: a fifth
 * to a third of all CPU time, and pauses that a hundredth of all requests notice.
 */
export function setHeapGrowth(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
