/** Owns where a body ends (RFC 9112 §6.3, §7.1): by its length, by its last chunk, or with its connection. */
import { trailersOf } from './trailers.ts';

export type BodyFraming = { readonly length: number } | 'chunked' | 'until-close';

export interface BodySink {
  /** `last`: the body is known to end with this piece, `onBodyEnd` follows at once. */
  onBody(chunk: Buffer, last: boolean): void;
  /** `trailers` are raw name/value pairs. */
  onBodyEnd(trailers: readonly string[]): void;
}

type State = 'length' | 'until-close' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'done';

const maxTrailerBytes = 16 * 1024;
const maxChunkLineBytes = 1024;
const noTrailers: readonly string[] = [];
const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');
/** Extensions are read past: nobody uses them, and a proxy need not pass them on (RFC 9112 §7.1.1). */
const chunkLine = /^([0-9A-Fa-f]{1,13})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
/** Some servers pad the size with blanks; what they mean is beyond doubt, and no request is framed by it. */
const paddedChunkLine = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;

export class BodyReader {
  readonly #sink: BodySink;
  readonly #chunkLine: RegExp;
  readonly #malformed: (what: string) => Error;
  #state: State;
  #remaining = 0;

  /** `malformed` makes what is thrown. A length of 0 is no body: whoever frames the message ends it. */
  constructor(
    framing: BodyFraming,
    sink: BodySink,
    options: { readonly padded: boolean; readonly malformed: (what: string) => Error },
  ) {
    this.#sink = sink;
    this.#chunkLine = options.padded ? paddedChunkLine : chunkLine;
    this.#malformed = options.malformed;
    if (typeof framing === 'object') {
      this.#state = 'length';
      this.#remaining = framing.length;
    } else this.#state = framing === 'chunked' ? 'chunk-size' : 'until-close';
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /** Whether the end of the connection is how the body was meant to end; then the sink is told. */
  finish(): boolean {
    if (this.#state === 'until-close') this.#end(noTrailers);
    return this.#state === 'done';
  }

  /**
   * Takes what it can from the front of `bytes` and returns how much that was: less than all at the body's end, or where
   * the rest is the beginning of a line, to be given again with what follows.
   *
   * @throws what `malformed` makes.
   */
  feed(bytes: Buffer): number {
    let taken = 0;
    while (taken < bytes.length && this.#state !== 'done') {
      const step = this.#step(taken === 0 ? bytes : bytes.subarray(taken));
      if (step === 0) break;
      taken += step;
    }
    return taken;
  }

  #step(bytes: Buffer): number {
    switch (this.#state) {
      case 'length':
        return this.#readData(bytes);
      case 'until-close':
        this.#sink.onBody(bytes, false);
        return bytes.length;
      case 'chunk-size':
        return this.#readChunkSize(bytes);
      case 'chunk-data':
        return this.#readData(bytes);
      case 'chunk-end':
        return this.#readChunkEnd(bytes);
      case 'trailers':
        return this.#readTrailers(bytes);
      case 'done':
        return 0;
    }
  }

  #readData(bytes: Buffer): number {
    const taken = Math.min(bytes.length, this.#remaining);
    const counted = this.#state === 'length';
    this.#remaining -= taken;
    const isEnd = this.#remaining === 0;
    if (isEnd && !counted) this.#state = 'chunk-end';
    this.#sink.onBody(taken === bytes.length ? bytes : bytes.subarray(0, taken), isEnd && counted);
    if (isEnd && counted) this.#end(noTrailers);
    return taken;
  }

  #readChunkSize(bytes: Buffer): number {
    const end = bytes.indexOf(lineEnd);
    if (end === -1 || end > maxChunkLineBytes) {
      if (bytes.length > maxChunkLineBytes) throw this.#malformed('a chunk size line is too long');
      return 0;
    }
    const size = this.#chunkLine.exec(bytes.toString('latin1', 0, end))?.[1];
    if (size === undefined) throw this.#malformed('a chunk size is no hexadecimal number');
    this.#remaining = Number.parseInt(size, 16);
    this.#state = this.#remaining === 0 ? 'trailers' : 'chunk-data';
    return end + 2;
  }

  #readChunkEnd(bytes: Buffer): number {
    if (bytes.length < 2) return 0;
    if (bytes[0] !== 13 || bytes[1] !== 10) throw this.#malformed('a chunk is longer than its size says');
    this.#state = 'chunk-size';
    return 2;
  }

  #readTrailers(bytes: Buffer): number {
    if (bytes.length >= 2 && bytes[0] === 13 && bytes[1] === 10) {
      this.#end(noTrailers);
      return 2;
    }
    const end = bytes.indexOf(headEnd);
    if (end === -1 || end > maxTrailerBytes) {
      if (bytes.length > maxTrailerBytes) throw this.#malformed('its trailers are too long');
      return 0;
    }
    const trailers = trailersOf(bytes.toString('latin1', 0, end));
    if (typeof trailers === 'string') throw this.#malformed(trailers);
    this.#end(trailers);
    return end + 4;
  }

  #end(trailers: readonly string[]): void {
    this.#state = 'done';
    this.#sink.onBodyEnd(trailers);
  }
}
