/** Owns how much this process holds in buffers, what nobody needs any more left out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Returns bytes. What a collection has found is given back in the background, and counted off by the next one. */
export async function bufferedBytes(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    collectGarbage();
    await sleep(50);
  }
  return process.memoryUsage().arrayBuffers;
}
