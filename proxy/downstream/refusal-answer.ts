/** Owns the answer to bytes that are no request: nobody can be said to have asked, so it comes from no exchange. */
import { makeAnswerHead } from '../http1/answer-head.ts';
import { refusalBody, refusalHeaders } from '../errors.ts';
import type { Refusal } from '../errors.ts';

/** Returns the whole answer, after which the connection ends. */
export function makeRefusalAnswer(refusal: Refusal): Buffer {
  const body = Buffer.from(refusalBody(refusal));
  const head = makeAnswerHead({
    status: refusal.status,
    reason: '',
    headers: refusalHeaders(refusal, body.length),
    chunked: false,
    connection: 'close',
  });
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}
