/** Owns signs of life to callers who wait for a stream of events: to whom they may be given, and what they look like. */
import { headerOf } from '../../http1/header-of.ts';
import type { RoutedExchange } from '../../targets/routed-exchange.ts';
import { EarlyStream } from './early-stream.ts';

/** A comment: readers of events pass over it (WHATWG HTML §9.2.6). */
const pingComment = Buffer.from(': ping\n\n');

/** MLflow's client says so; it takes every line that is no data for an error (REST contract §1.10). */
const mlflowHeader = 'x-databricks-endpoints-api-client';

/**
 * Returns whether the caller of the exchange can take comments before its answer. A status of 200 goes out with the
 * first one, so that errors can only come as events afterwards: it has to have asked for events by their media type,
 * which whoever does knows. That a body asks for a stream is not enough.
 */
export function takesPings({ caller, body, asksForTunnel, isGrpc }: RoutedExchange): boolean {
  if (body === undefined || asksForTunnel || isGrpc) return false;
  const { headers } = caller.head;
  const accept = headerOf(headers, 'accept');
  if (accept === undefined || !/(?:^|,)[\t ]*text\/event-stream[\t ]*(?:[;,]|$)/i.test(accept)) return false;
  return headerOf(headers, mlflowHeader) === undefined;
}

/** Tells the caller that its request still waits. */
export function ping(exchange: RoutedExchange): void {
  const { caller, requestId, answerHeaders } = exchange;
  const stream =
    caller instanceof EarlyStream
      ? caller
      : new EarlyStream(caller, ['x-request-id', requestId, ...answerHeaders]);
  exchange.caller = stream;
  stream.comment(pingComment);
}
