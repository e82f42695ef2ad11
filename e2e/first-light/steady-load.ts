/** Owns the light, steady load under which an update has to go unnoticed. */
import { setTimeout as delay } from 'node:timers/promises';
import { query } from '../harness/endpoints.ts';

export interface LoadResult {
  /** Each answer that was not 200, and each request without an answer, in words. */
  readonly failed: readonly string[];
  /** The different answers, in the order in which each was first given. */
  readonly texts: readonly string[];
}

export interface SteadyLoad {
  /** The different answers so far. */
  texts(): readonly string[];
  stop(): Promise<LoadResult>;
}

/** Sends a request every 50 ms, whether or not earlier ones have been answered, until it is stopped. */
export function startSteadyLoad(endpoint: string): SteadyLoad {
  const failed: string[] = [];
  const texts = new Set<string>();
  const underWay: Promise<void>[] = [];
  const stopping = new AbortController();
  const send = async (): Promise<void> => {
    try {
      const { status, text } = await query(endpoint);
      if (status === 200) texts.add(text);
      else failed.push(`${status} ${text}`);
    } catch (error) {
      failed.push(String(error));
    }
  };
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      underWay.push(send());
      await delay(50);
    }
  })();
  return {
    texts: () => [...texts],
    stop: async () => {
      stopping.abort();
      await loop;
      await Promise.all(underWay);
      return { failed, texts: [...texts] };
    },
  };
}
