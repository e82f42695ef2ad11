/** Owns one call over HTTP/2 to an upstream: its stream, its deadlines, and what became of it. */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { resetStream } from '../http2-reset.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type {
  PhaseTimeouts,
  UpstreamCall,
  UpstreamFailure,
  UpstreamHandler,
  UpstreamRequest,
} from './upstream-request.ts';

/** What a call needs of the upstream that it goes to. */
export interface CallOwner {
  readonly clock: Clock;
  /** Host and port. */
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  onDone(call: Http2Call): void;
}

/** RFC 9113 §7 and §6.1. */
const cancel = 0x8;
const endStreamFlag = 0x1;

type Phase = 'connecting' | 'first-byte' | 'body' | 'done';

const missing = {
  connecting: 'connection',
  'first-byte': 'answer',
  body: 'further byte of the answer',
} as const;

export class Http2Call implements UpstreamCall {
  /** Monotonic milliseconds after which `expire` is to be called. */
  deadline = Number.POSITIVE_INFINITY;
  readonly #owner: CallOwner;
  readonly #request: UpstreamRequest;
  readonly #timeouts: PhaseTimeouts;
  #handler: UpstreamHandler | undefined;
  #stream: ClientHttp2Stream | undefined;
  #phase: Phase = 'connecting';
  #trailers: readonly string[] | undefined;

  constructor(owner: CallOwner, request: UpstreamRequest, handler: UpstreamHandler, timeouts: PhaseTimeouts) {
    this.#owner = owner;
    this.#request = request;
    this.#handler = handler;
    this.#timeouts = timeouts;
    this.#waitFor(timeouts.connectMs);
  }

  /** Sends the call on a session that stands. */
  start(session: ClientHttp2Session): void {
    if (this.#phase === 'done') return;
    this.#phase = 'first-byte';
    this.#waitFor(this.#timeouts.firstByteMs);
    // Without `waitForTrailers` node would end a stream in good order before it resets it.
    const stream = session.request(this.#headers(), { endStream: false, waitForTrailers: true });
    this.#stream = stream;
    stream.on('response', (_headers: IncomingHttpHeaders, flags: number, raw: string[]) =>
      this.#onHead(raw, (flags & endStreamFlag) !== 0),
    );
    stream.on('trailers', (_trailers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      this.#trailers = raw;
    });
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    stream.on('end', () => this.#onEnd());
    stream.on('drain', () => this.#handler?.onUpstreamDrain());
    stream.on('wantTrailers', () => {
      if (!stream.closed) stream.sendTrailers({});
    });
    // An error is how a stream says that it was reset, and the end follows.
    stream.on('error', () => undefined);
    stream.on('close', () => this.#onClosed(stream.rstCode));
    const { body } = this.#request;
    if (body === undefined) this.#handler?.onWritable();
    else stream.end(body);
  }

  write(chunk: Buffer): boolean {
    if (this.#stream === undefined || this.#phase === 'done' || chunk.length === 0) return true;
    if (this.#phase === 'first-byte') this.#waitFor(this.#timeouts.firstByteMs);
    return this.#stream.write(chunk);
  }

  endBody(): void {
    this.#stream?.end();
  }

  pause(): void {
    this.#stream?.pause();
    this.deadline = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    this.#stream?.resume();
    if (this.#phase === 'body') this.#waitFor(this.#timeouts.idleMs);
  }

  abort(): void {
    this.#handler = undefined;
    this.#finish();
  }

  /** Called when `deadline` has passed. */
  expire(): void {
    const phase = this.#phase;
    if (phase === 'done') return;
    const { authority } = this.#owner;
    const late = new AppError('UPSTREAM_TIMEOUT', `${authority}: no ${missing[phase]} in time`, {
      retryable: true,
    });
    if (phase === 'connecting') this.failToConnect(late);
    else this.#fail(late, 'lost');
  }

  failToConnect(cause: Error | undefined): void {
    const why = cause === undefined ? '' : `: ${cause.message}`;
    const message = `cannot connect to ${this.#owner.authority}${why}`;
    this.#fail(new AppError('UPSTREAM_UNREACHABLE', message, { retryable: true, cause }), 'unsent');
  }

  #headers(): string[] {
    const { method, path, headers } = this.#request;
    const { authority, scheme } = this.#owner;
    const raw = [
      ':method',
      method,
      ':scheme',
      scheme,
      ':path',
      path,
      ':authority',
      authority,
      'te',
      'trailers',
    ];
    for (let index = 0; index + 1 < headers.length; index += 2) {
      raw.push((headers[index] ?? '').toLowerCase(), headers[index + 1] ?? '');
    }
    return raw;
  }

  #onHead(raw: readonly string[], endsHere: boolean): void {
    this.#phase = 'body';
    this.#waitFor(this.#timeouts.idleMs);
    if (endsHere) this.#trailers = [];
    this.#handler?.onHead(headOf(raw, endsHere));
  }

  #onData(chunk: Buffer): void {
    this.#handler?.onAnswerBody(chunk, false);
    if (this.#phase === 'body' && this.#stream?.isPaused() === false) this.#waitFor(this.#timeouts.idleMs);
  }

  /** Node tells the end of a stream that was reset in the same way; what ends as it should ends in trailers, for gRPC. */
  #onEnd(): void {
    const trailers = this.#trailers;
    if (trailers === undefined || this.#phase === 'done') return;
    const handler = this.#handler;
    this.#handler = undefined;
    this.#finish();
    handler?.onAnswerEnd(trailers);
  }

  #onClosed(code: number | undefined): void {
    const message = `${this.#owner.authority} ended the call before its answer was whole (code ${code ?? 0})`;
    this.#fail(new AppError('UPSTREAM_CLOSED', message, { retryable: true }), 'lost');
  }

  #fail(error: AppError, kind: UpstreamFailure['kind']): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#finish();
    handler?.onFailure({ error, kind });
  }

  /** Whatever of the stream is still open is of no use to anybody. */
  #finish(): void {
    if (this.#phase === 'done') return;
    this.#phase = 'done';
    this.deadline = Number.POSITIVE_INFINITY;
    const stream = this.#stream;
    if (stream !== undefined && !stream.closed) {
      stream.removeAllListeners('data').resume();
      if (!stream.readableEnded || !stream.writableEnded) resetStream(stream, cancel);
    }
    this.#owner.onDone(this);
  }

  #waitFor(milliseconds: number): void {
    this.deadline =
      milliseconds === 0 ? Number.POSITIVE_INFINITY : this.#owner.clock.monotonic() + milliseconds;
  }
}

function headOf(raw: readonly string[], endsHere: boolean): ResponseHead {
  const headers: string[] = [];
  let status = 0;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const value = raw[index + 1] ?? '';
    if (name === ':status') status = Number(value);
    // The length of what streams is counted by those who frame it.
    else if (name !== 'content-length') headers.push(name, value);
  }
  return {
    status,
    reason: '',
    headers,
    chunked: false,
    contentLength: undefined,
    keepAlive: true,
    upgrade: undefined,
    idleTimeoutMs: undefined,
    endsHere,
  };
}
