/** Owns answering a caller who has been told "200, a stream of events" before there was an answer: all that follows is events. */
import type { AnswerFraming, Caller, CallerEvents, Peer } from '../../downstream/caller.ts';
import { droppedReasonHeader, refusalBody, refusals } from '../../errors.ts';
import type { BodySink } from '../../http1/body-reader.ts';
import { headerOf } from '../../http1/header-of.ts';
import type { RequestHead } from '../../http1/request-head.ts';
import { makeDataEvent, makeFailureEvent } from './stream-event.ts';

/** Longest answer that is turned into an event. */
const maxEventBytes = 1024 * 1024;

/**
 * Stands in for the caller towards whoever answers. A stream of events passes as it is; any other answer becomes one
 * event, and one that says no becomes an error event.
 */
export class EarlyStream implements Caller {
  readonly head: RequestHead;
  readonly #caller: Caller;
  #isAnswered = false;
  /** The answer, where it is no stream of events. */
  #collected: Buffer[] | undefined;
  #collectedBytes = 0;
  #status = 0;
  #reason = '';

  /** Begins the stream; `headers` are raw pairs of its head. */
  constructor(caller: Caller, headers: readonly string[]) {
    this.#caller = caller;
    this.head = { ...caller.head, headers: withoutCodings(caller.head.headers) };
    const own = ['content-type', 'text/event-stream', 'cache-control', 'no-cache'];
    caller.sendHead(200, '', [...own, ...headers], 'stream');
  }

  get isHttp2(): boolean {
    return this.#caller.isHttp2;
  }

  get peer(): Peer {
    return this.#caller.peer;
  }

  get events(): CallerEvents | undefined {
    return this.#caller.events;
  }

  set events(events: CallerEvents | undefined) {
    this.#caller.events = events;
  }

  get answered(): boolean {
    return this.#isAnswered;
  }

  get stillSends(): boolean {
    return this.#caller.stillSends;
  }

  /** Sends a comment, as long as nobody has answered. */
  comment(bytes: Buffer): void {
    if (!this.#isAnswered) this.#caller.write(bytes);
  }

  takeWholeBody(): Buffer | undefined {
    return this.#caller.takeWholeBody();
  }

  readBody(sink: BodySink): void {
    this.#caller.readBody(sink);
  }

  pauseBody(): void {
    this.#caller.pauseBody();
  }

  resumeBody(): void {
    this.#caller.resumeBody();
  }

  sendContinue(): void {
    // The head of the answer is gone: there is no place for interim ones.
  }

  sendInformation(): void {
    // As above.
  }

  sendHead(status: number, _reason: string, headers: readonly string[], _framing: AnswerFraming): void {
    this.#isAnswered = true;
    this.#status = status;
    this.#reason = headerOf(headers, droppedReasonHeader) ?? '';
    const type = headerOf(headers, 'content-type') ?? '';
    const isEvents = status === 200 && /^text\/event-stream(?:[\t ]*;|$)/i.test(type);
    if (!isEvents) this.#collected = [];
  }

  write(chunk: Buffer): boolean {
    if (this.#collected === undefined) return this.#caller.write(chunk);
    this.#collectedBytes += chunk.length;
    if (this.#collectedBytes <= maxEventBytes) this.#collected.push(chunk);
    return true;
  }

  end(lastChunk?: Buffer): void {
    if (this.#collected === undefined) {
      this.#caller.end(lastChunk);
      return;
    }
    if (lastChunk !== undefined) this.write(lastChunk);
    this.#caller.end(this.#event(Buffer.concat(this.#collected).toString()));
  }

  /** Whatever was to become an event is none any more; the stream has to say so all the same. */
  cut(lastWords?: Buffer): void {
    const { status, reason } = refusals.upstreamBroke;
    this.#caller.cut(lastWords ?? makeFailureEvent(status, reason, refusalBody(refusals.upstreamBroke)));
  }

  #event(body: string): Buffer {
    if (this.#collectedBytes > maxEventBytes) {
      const message = `The answer is no stream, and longer than the ${maxEventBytes} bytes that fit in one event.`;
      return makeFailureEvent(502, 'too_large', JSON.stringify({ error_code: 'BAD_GATEWAY', message }));
    }
    return this.#status < 300 ? makeDataEvent(body) : makeFailureEvent(this.#status, this.#reason, body);
  }
}

/** What was begun uncoded cannot go on coded. */
function withoutCodings(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (name.toLowerCase() !== 'accept-encoding') kept.push(name, headers[index + 1] ?? '');
  }
  return kept;
}
