/** Owns the load under which an update has to go unnoticed: many requests a second, each remembered with its times. */
import { setTimeout as delay } from 'node:timers/promises';
import { query } from '../harness/endpoints.ts';

export interface SentRequest {
  /** Milliseconds of `performance.now()`. */
  readonly sentAt: number;
  /** `200 <served entity> <body>`, another status with its body, or why there is no answer. */
  readonly outcome: string;
}

/** Sends `perSecond` requests a second, whether or not earlier ones have been answered, until it is stopped. */
export function startLoad(endpoint: string, perSecond: number): { stop(): Promise<readonly SentRequest[]> } {
  const requests: Promise<SentRequest>[] = [];
  const stopping = new AbortController();
  const loop = (async () => {
    const startedAt = performance.now();
    while (!stopping.signal.aborted) {
      // A timer that fires late is made up for: the rate is what counts.
      const due = ((performance.now() - startedAt) * perSecond) / 1000;
      while (requests.length < due) requests.push(send(endpoint));
      await delay(1000 / perSecond);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await loop;
      return Promise.all(requests);
    },
  };
}

async function send(endpoint: string): Promise<SentRequest> {
  const sentAt = performance.now();
  try {
    const { status, headers, text } = await query(endpoint);
    const entity = status === 200 ? ` ${headers.get('served-model-name') ?? ''}` : '';
    return { sentAt, outcome: `${status}${entity} ${text}` };
  } catch (error) {
    return { sentAt, outcome: String(error) };
  }
}
