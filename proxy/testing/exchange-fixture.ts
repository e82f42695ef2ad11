/** Owns requests for tests of what routes or holds them: their callers are silent, and their pipeline has no stages. */
import type { Caller } from '../downstream/caller.ts';
import type { Pipeline } from '../exchange.ts';
import { RoutedExchange } from '../targets/routed-exchange.ts';

const nothing = (): void => undefined;

const aSilentCaller = (headers: readonly string[]): Caller => ({
  isHttp2: false,
  head: {
    method: 'POST',
    target: '/',
    minorVersion: 1,
    headers,
    host: 'localhost',
    contentLength: 0,
    keepAlive: true,
    nominated: [],
    expectsContinue: false,
    upgrade: undefined,
    authorization: undefined,
    requestId: undefined,
  },
  peer: { remoteAddress: '', identities: () => [] },
  events: undefined,
  answered: false,
  stillSends: false,
  takeWholeBody: () => undefined,
  readBody: nothing,
  pauseBody: nothing,
  resumeBody: nothing,
  sendContinue: nothing,
  sendInformation: nothing,
  sendHead: nothing,
  write: () => true,
  end: nothing,
  cut: nothing,
});

const noPipeline: Pipeline = { stages: [], finish: nothing, onDefect: nothing };

/** Returns a request of `principal` with a body of `bytes` and `headers` as raw pairs. */
export function anExchange(principal: string, bytes = 1, headers: readonly string[] = []): RoutedExchange {
  const exchange = new RoutedExchange(noPipeline, aSilentCaller(headers), 0);
  exchange.principal = principal;
  exchange.body = Buffer.alloc(bytes);
  return exchange;
}
