/** Owns reading HTTP/1.1 answers off a connection (RFC 9112): heads as raw name/value pairs, bodies as they come. */
import { AppError } from '../../platform/errors.ts';
import { BodyReader } from './body-reader.ts';
import type { BodySink } from './body-reader.ts';
import { parseResponseHead } from './response-head.ts';
import type { ResponseHead } from './response-head.ts';

export interface ResponseSink {
  /** A 1xx answer, the final one is still to come. */
  onInformation(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  /** `last`: the body is known to end with this chunk, onEnd follows at once. */
  onBody(chunk: Buffer, last: boolean): void;
  /** `trailers` are raw name/value pairs; `reusable` says whether the connection may carry another request. */
  onEnd(trailers: readonly string[], reusable: boolean): void;
}

/** What an upstream makes ready for. */
export interface ExpectedAnswer {
  /** It has no body, whatever it says: the answer to HEAD. */
  readonly bodiless: boolean;
  /** The protocol that was asked for instead of HTTP, in lower case; empty: none. */
  readonly upgrade: string;
}

const maxHeadBytes = 64 * 1024;
/** An upstream that says nothing but "wait" says it often enough to be busy with. */
const maxInterimAnswers = 32;
const noTrailers: readonly string[] = [];
const headEnd = Buffer.from('\r\n\r\n');
const bodyOptions = { padded: true, malformed };

/**
 * Takes the bytes of one connection and tells `sink` about the answer that is due. Whatever it cannot frame beyond
 * doubt it refuses: a proxy that guesses where an answer ends lets one user's bytes become another's answer.
 */
export class ResponseParser implements BodySink {
  #sink: ResponseSink | undefined;
  /** Of the answer whose head has been read. */
  #body: BodyReader | undefined;
  #pending: Buffer | undefined;
  #expected: ExpectedAnswer = { bodiless: false, upgrade: '' };
  #interim = 0;
  #reusable = true;

  /** Makes ready for the answer to one request. */
  expect(sink: ResponseSink, expected: ExpectedAnswer): void {
    this.#sink = sink;
    this.#body = undefined;
    this.#expected = expected;
    this.#interim = 0;
    this.#reusable = true;
  }

  /** Whether an answer is due and its head has not been read yet. */
  get awaitingHead(): boolean {
    return this.#sink !== undefined && this.#body === undefined;
  }

  /** @throws AppError `UPSTREAM_MALFORMED` when the bytes are no HTTP/1.1 answer; the connection must be destroyed. */
  feed(bytes: Buffer): void {
    let rest = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes]);
    this.#pending = undefined;
    while (rest.length > 0) {
      const taken = this.#step(rest);
      if (taken === 0) {
        this.#pending = rest;
        return;
      }
      rest = taken === rest.length ? empty : rest.subarray(taken);
    }
  }

  /** Tells it that the connection has ended; returns whether that is how the answer was meant to end. */
  finish(): boolean {
    if (this.#sink === undefined) return true;
    this.#reusable = false;
    return this.#body?.finish() === true;
  }

  onBody(chunk: Buffer, last: boolean): void {
    this.#sink?.onBody(chunk, last);
  }

  onBodyEnd(trailers: readonly string[]): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.onEnd(trailers, this.#reusable);
  }

  /** Takes what it can from the front of `bytes` and returns how much that was; 0: it needs more. */
  #step(bytes: Buffer): number {
    if (this.#sink === undefined) throw malformed('it sent bytes that no request asked for');
    return this.#body === undefined ? this.#readHead(bytes) : this.#body.feed(bytes);
  }

  #readHead(bytes: Buffer): number {
    const end = bytes.indexOf(headEnd);
    if (end === -1 || end > maxHeadBytes) {
      if (bytes.length > maxHeadBytes) throw malformed(`its head is longer than ${maxHeadBytes} bytes`);
      return 0;
    }
    const head = parseResponseHead(bytes.toString('latin1', 0, end));
    if (head.status === 101) this.#switch(head);
    else if (head.status < 200) this.#inform(head);
    else this.#frame(head);
    return end + 4;
  }

  #inform(head: ResponseHead): void {
    this.#interim += 1;
    if (this.#interim > maxInterimAnswers) throw malformed('it gives interim answers without end');
    this.#sink?.onInformation(head);
  }

  /** What follows belongs to the other protocol, up to the end of the connection. */
  #switch(head: ResponseHead): void {
    const { upgrade } = this.#expected;
    if (upgrade === '' || head.upgrade !== upgrade) throw malformed('it switched protocols unasked');
    this.#reusable = false;
    this.#body = new BodyReader('until-close', this, bodyOptions);
    this.#sink?.onHead(head);
  }

  /** Decides how the body ends (RFC 9112 §6.3). */
  #frame(head: ResponseHead): void {
    this.#reusable = head.keepAlive;
    const bodiless = this.#expected.bodiless || head.status === 204 || head.status === 304;
    const length = bodiless ? 0 : head.contentLength;
    const framing = !bodiless && head.chunked ? 'chunked' : length === undefined ? 'until-close' : { length };
    this.#body = new BodyReader(framing, this, bodyOptions);
    this.#sink?.onHead(head);
    if (length === 0) this.onBodyEnd(noTrailers);
  }
}

const empty = Buffer.alloc(0);

function malformed(what: string): AppError {
  return new AppError('UPSTREAM_MALFORMED', `the answer of the upstream is no HTTP/1.1: ${what}`);
}
