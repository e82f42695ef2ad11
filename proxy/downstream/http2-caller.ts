/** Owns one request on an HTTP/2 connection and its answer: a stream, whose windows are its backpressure. */
import type { ServerHttp2Stream } from 'node:http2';
import type { Refusal } from '../errors.ts';
import { resetStream } from '../http2-reset.ts';
import type { BodySink } from '../http1/body-reader.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { AnswerFraming, Caller, CallerEvents, Peer } from './caller.ts';

/** What a request needs of the connection that it came on. */
export interface StreamHost {
  readonly peer: Peer;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Between two pieces of a request's body, and for reading what is left of an answer; in milliseconds. */
  readonly bodyIdleMs: number;
  /** Between an answer and the end of a request that nobody reads any more. */
  readonly lingerMs: number;
  /** Something other than control frames has passed. */
  noteUse(): void;
}

/** RFC 9113 §7. */
const noError = 0x0;
const internalError = 0x2;
const nothing = Buffer.alloc(0);

export class Http2Caller implements Caller {
  readonly isHttp2 = true;
  readonly head: RequestHead;
  events: CallerEvents | undefined;
  /** Monotonic milliseconds after which `expire` is to be called. */
  deadline = Number.POSITIVE_INFINITY;
  readonly #host: StreamHost;
  readonly #stream: ServerHttp2Stream;
  #bodyDone: boolean;
  #paused = false;
  #sink: BodySink | undefined;
  #framing: AnswerFraming | undefined;
  #trailers: readonly string[] = [];
  #ended = false;
  #unsent = Number.POSITIVE_INFINITY;

  /** `onClosed` is called once, when the stream is no more. */
  constructor(host: StreamHost, stream: ServerHttp2Stream, head: RequestHead, onClosed: () => void) {
    this.#host = host;
    this.#stream = stream;
    this.head = head;
    this.#bodyDone = head.contentLength === 0;
    stream.on('drain', () => this.events?.onDrain());
    stream.on('wantTrailers', () => this.#sendTrailers());
    // An error is how a stream says that it was reset, and the end follows.
    stream.on('error', () => undefined);
    stream.on('close', () => {
      onClosed();
      this.#finish();
    });
    stream.on('aborted', () => this.#finish());
  }

  get peer(): Peer {
    return this.#host.peer;
  }

  get answered(): boolean {
    return this.#framing !== undefined;
  }

  get stillSends(): boolean {
    return !this.#bodyDone;
  }

  takeWholeBody(): Buffer | undefined {
    return this.#bodyDone && this.#sink === undefined ? nothing : undefined;
  }

  readBody(sink: BodySink): void {
    if (this.#bodyDone) {
      sink.onBodyEnd([]);
      return;
    }
    this.#sink = sink;
    const stream = this.#stream;
    this.#awaitBody();
    stream.on('data', (chunk: Buffer) => {
      this.#host.noteUse();
      this.#awaitBody();
      sink.onBody(chunk, false);
    });
    stream.on('end', () => {
      // A stream that is reset ends, too, and is no whole request.
      if (stream.aborted || this.#ended) return;
      this.#bodyDone = true;
      this.deadline = Number.POSITIVE_INFINITY;
      sink.onBodyEnd([]);
    });
  }

  pauseBody(): void {
    this.#paused = true;
    this.deadline = Number.POSITIVE_INFINITY;
    this.#stream.pause();
  }

  resumeBody(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#awaitBody();
    this.#stream.resume();
  }

  sendContinue(): void {
    this.sendInformation(100, []);
  }

  sendInformation(status: number, headers: readonly string[]): void {
    if (this.answered || this.#isGone) return;
    this.#stream.additionalHeaders({ ':status': status, ...byName(headers) });
  }

  sendHead(status: number, _reason: string, headers: readonly string[], asked: AnswerFraming): void {
    const framing = this.head.method === 'HEAD' ? 'none' : asked;
    this.#framing = framing;
    if (this.#isGone) return;
    const raw = [':status', String(status)];
    for (let index = 0; index + 1 < headers.length; index += 2) {
      raw.push((headers[index] ?? '').toLowerCase(), headers[index + 1] ?? '');
    }
    const endStream = framing === 'none';
    // Without `waitForTrailers` node would end a stream in good order before it resets it. `sendDate` is missing from node's
    // types: a Date is the model's to give, as in HTTP/1.1.
    const options = { endStream, waitForTrailers: !endStream, sendDate: false };
    this.#stream.respond(raw, options);
  }

  write(chunk: Buffer): boolean {
    if (this.#isGone || this.#framing === 'none' || chunk.length === 0) return true;
    this.#host.noteUse();
    return this.#stream.write(chunk);
  }

  end(lastChunk: Buffer = nothing, trailers: readonly string[] = []): void {
    if (this.#ended) return;
    this.#trailers = trailers;
    if (!this.#isGone && this.#framing !== 'none') {
      if (lastChunk.length > 0) this.#stream.end(lastChunk);
      else this.#stream.end();
    }
    this.#finish();
  }

  cut(lastWords?: Buffer): void {
    if (this.#ended) return;
    if (lastWords === undefined || lastWords.length === 0 || this.#framing !== 'stream' || this.#isGone) {
      resetStream(this.#stream, internalError);
    } else {
      // A reset overtakes what has not been sent yet.
      this.#stream.write(lastWords, () => resetStream(this.#stream, internalError));
    }
    this.#finish();
  }

  /** Called when `deadline` has passed. */
  expire(overdue: Refusal): void {
    if (!this.#ended) {
      this.deadline = Number.POSITIVE_INFINITY;
      this.events?.onBroken(overdue);
      return;
    }
    const before = this.#unsent;
    this.#unsent = this.#stream.writableLength;
    if (this.#unsent > 0 && this.#unsent < before) this.deadline = this.#host.now() + this.#host.bodyIdleMs;
    else resetStream(this.#stream, this.#unsent === 0 ? noError : internalError);
  }

  get #isGone(): boolean {
    return this.#stream.closed || this.#stream.destroyed;
  }

  #awaitBody(): void {
    if (!this.#paused && !this.#ended) this.deadline = this.#host.now() + this.#host.bodyIdleMs;
  }

  #sendTrailers(): void {
    if (!this.#isGone) this.#stream.sendTrailers(byName(this.#trailers));
  }

  /** The exchange is over; the stream ends when all of the answer is out, and the caller has ended his side. */
  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.deadline = this.#host.now() + this.#host.lingerMs;
    // What still comes is read and dropped; at the deadline the caller is told that it need not come (RFC 9113 §8.1).
    if (!this.#isGone) this.#stream.removeAllListeners('data').resume();
    this.events?.onEnd();
  }
}

/** Returns raw pairs as node wants trailers and interim answers: by name, in lower case. */
function byName(raw: readonly string[]): Record<string, string[]> {
  const named: Record<string, string[]> = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    (named[name] ??= []).push(raw[index + 1] ?? '');
  }
  return named;
}
