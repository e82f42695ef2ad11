/** Owns reading HTTP/1.1 answers off a connection (RFC 9112): heads as raw name/value pairs, bodies as they come. */
import { AppError } from '../../platform/errors.ts';
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

type State =
  'head' | 'length' | 'until-close' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'done';

const maxHeadBytes = 64 * 1024;
const maxChunkLineBytes = 4 * 1024;
const noTrailers: readonly string[] = [];
const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');

/**
 * Takes the bytes of one connection and tells `sink` about the answer that is due. Whatever it cannot frame beyond
 * doubt it refuses: a proxy that guesses where an answer ends lets one user's bytes become another's answer.
 */
export class ResponseParser {
  #sink: ResponseSink | undefined;
  #state: State = 'done';
  #pending: Buffer | undefined;
  #remaining = 0;
  #withoutBody = false;
  #reusable = true;

  /** Makes ready for the answer to one request; `withoutBody` for HEAD, whose answer has none whatever it says. */
  expect(sink: ResponseSink, withoutBody: boolean): void {
    this.#sink = sink;
    this.#state = 'head';
    this.#withoutBody = withoutBody;
    this.#reusable = true;
  }

  /** Whether an answer is due and its head has not been read yet. */
  get awaitingHead(): boolean {
    return this.#state === 'head';
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
    if (this.#state === 'until-close') this.#end(noTrailers, false);
    return this.#state === 'done';
  }

  /** Takes what it can from the front of `bytes` and returns how much that was; 0: it needs more. */
  #step(bytes: Buffer): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes);
      case 'length':
        return this.#readCounted(bytes);
      case 'until-close':
        this.#sink?.onBody(bytes, false);
        return bytes.length;
      case 'chunk-size':
        return this.#readChunkSize(bytes);
      case 'chunk-data':
        return this.#readChunkData(bytes);
      case 'chunk-end':
        return this.#readChunkEnd(bytes);
      case 'trailers':
        return this.#readTrailers(bytes);
      case 'done':
        throw malformed('it sent bytes that no request asked for');
    }
  }

  #readHead(bytes: Buffer): number {
    const end = bytes.indexOf(headEnd);
    if (end === -1 || end > maxHeadBytes) {
      if (bytes.length > maxHeadBytes) throw malformed(`its head is longer than ${maxHeadBytes} bytes`);
      return 0;
    }
    const head = parseResponseHead(bytes.toString('latin1', 0, end));
    if (head.status < 200) {
      if (head.status === 101) throw malformed('it switched protocols unasked');
      this.#sink?.onInformation(head);
      return end + 4;
    }
    this.#frame(head);
    return end + 4;
  }

  /** Decides how the body ends (RFC 9112 §6.3). */
  #frame(head: ResponseHead): void {
    this.#reusable = head.keepAlive;
    const bodiless = this.#withoutBody || head.status === 204 || head.status === 304;
    if (!bodiless && head.chunked) this.#state = 'chunk-size';
    else if (!bodiless && head.contentLength === undefined) this.#state = 'until-close';
    else {
      this.#remaining = bodiless ? 0 : (head.contentLength ?? 0);
      this.#state = 'length';
    }
    this.#sink?.onHead(head);
    if (this.#state === 'length' && this.#remaining === 0) this.#end(noTrailers, this.#reusable);
  }

  #readCounted(bytes: Buffer): number {
    const taken = Math.min(bytes.length, this.#remaining);
    this.#remaining -= taken;
    const last = this.#remaining === 0;
    this.#sink?.onBody(taken === bytes.length ? bytes : bytes.subarray(0, taken), last);
    if (last) this.#end(noTrailers, this.#reusable);
    return taken;
  }

  #readChunkSize(bytes: Buffer): number {
    const end = bytes.indexOf(lineEnd);
    if (end === -1 || end > maxChunkLineBytes) {
      if (bytes.length > maxChunkLineBytes) throw malformed('a chunk size line is too long');
      return 0;
    }
    const match = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[^\r\n]*)?$/.exec(bytes.toString('latin1', 0, end));
    if (match?.[1] === undefined) throw malformed('a chunk size is no hexadecimal number');
    this.#remaining = Number.parseInt(match[1], 16);
    this.#state = this.#remaining === 0 ? 'trailers' : 'chunk-data';
    return end + 2;
  }

  #readChunkData(bytes: Buffer): number {
    const taken = Math.min(bytes.length, this.#remaining);
    this.#remaining -= taken;
    if (this.#remaining === 0) this.#state = 'chunk-end';
    this.#sink?.onBody(taken === bytes.length ? bytes : bytes.subarray(0, taken), false);
    return taken;
  }

  #readChunkEnd(bytes: Buffer): number {
    if (bytes.length < 2) return 0;
    if (bytes[0] !== 13 || bytes[1] !== 10) throw malformed('a chunk is longer than its size says');
    this.#state = 'chunk-size';
    return 2;
  }

  #readTrailers(bytes: Buffer): number {
    if (bytes.length >= 2 && bytes[0] === 13 && bytes[1] === 10) {
      this.#end(noTrailers, this.#reusable);
      return 2;
    }
    const end = bytes.indexOf(headEnd);
    if (end === -1 || end > maxHeadBytes) {
      if (bytes.length > maxHeadBytes) throw malformed('its trailers are too long');
      return 0;
    }
    const trailers = parseResponseHead(`HTTP/1.1 200 \r\n${bytes.toString('latin1', 0, end)}`);
    if (trailers.contentLength !== undefined || trailers.chunked)
      throw malformed('a trailer frames the message');
    this.#end(trailers.headers, this.#reusable);
    return end + 4;
  }

  #end(trailers: readonly string[], reusable: boolean): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#state = 'done';
    sink?.onEnd(trailers, reusable);
  }
}

const empty = Buffer.alloc(0);

function malformed(what: string): AppError {
  return new AppError('UPSTREAM_MALFORMED', `the answer of the upstream is no HTTP/1.1: ${what}`);
}
