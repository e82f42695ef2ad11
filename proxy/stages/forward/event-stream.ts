/** Owns how a stream of events (SSE) tells that it was cut: by a last event, which clients of OpenAI and MLflow raise. */
import type { Refusal } from '../../errors.ts';
import { headerOf } from '../../http1/header-of.ts';

const begin = 'data: {"error":';
const end = Buffer.from('\n\n');

/** Whether an answer with these headers is a stream of events that may be added to: coded bytes may not. */
export function isEventStream(headers: readonly string[]): boolean {
  const type = headerOf(headers, 'content-type');
  if (type === undefined || !/^text\/event-stream(?:[\t ]*;|$)/i.test(type)) return false;
  const coding = headerOf(headers, 'content-encoding');
  return coding === undefined || coding.toLowerCase() === 'identity';
}

/**
 * Returns what is to be added to a stream whose last piece was `last`: the error as an event of its own, in the shape of
 * OpenAI's API; nothing where an earlier hop has said so already.
 */
export function makeErrorEvent(
  { errorCode, reason, message, status }: Refusal,
  last: Buffer | undefined,
): Buffer {
  const isBetween = last === undefined || last.subarray(-end.length).equals(end);
  if (isBetween && endsInError(last)) return Buffer.alloc(0);
  const error = { message, type: reason, param: null, code: errorCode, status };
  // An event that was cut in its middle ends here: lost it is anyhow, and the next one has to be read.
  return Buffer.from(`${isBetween ? '' : '\n\n'}data: ${JSON.stringify({ error })}\n\n`);
}

function endsInError(last: Buffer | undefined): boolean {
  if (last === undefined) return false;
  const lastEvent = last.subarray(0, -end.length);
  return lastEvent
    .toString('latin1', Math.max(0, lastEvent.lastIndexOf(end)))
    .trimStart()
    .startsWith(begin);
}
