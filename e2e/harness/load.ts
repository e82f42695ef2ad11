/** Owns the load of journeys in which something has to go unnoticed: many requests a second, each remembered with its times. */
import { setTimeout as delay } from 'node:timers/promises';
import { query } from './endpoints.ts';

export interface SentRequest {
  /** Milliseconds of `performance.now()`. */
  readonly sentAt: number;
  /** `200 <served entity> <body>`, another status with its body, or why there is no answer. */
  readonly outcome: string;
}

/** As many may wait for their answer: a machine that is slow meanwhile gets fewer requests, not a queue without end. */
const mostUnderWay = 256;

/** Sends `perSecond` requests a second, as far as they are answered in time, until it is stopped. */
export function startLoad(endpoint: string, perSecond: number): { stop(): Promise<readonly SentRequest[]> } {
  const sent: SentRequest[] = [];
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();
  const start = (): void => {
    const request = send(endpoint).then((outcome) => {
      sent.push(outcome);
      underWay.delete(request);
    });
    underWay.add(request);
  };
  const loop = (async () => {
    let last = performance.now();
    while (!stopping.signal.aborted) {
      // A timer that fires late is made up for: the rate is what counts.
      const due = Math.floor(((performance.now() - last) * perSecond) / 1000);
      for (let count = 0; count < due && underWay.size < mostUnderWay; count += 1) start();
      last += (due * 1000) / perSecond;
      await delay(1000 / perSecond);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await loop;
      await Promise.all(underWay);
      return sent;
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
