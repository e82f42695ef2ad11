/** Owns one connection to an upstream: one request at a time, its bytes, its deadlines, and what became of it. */
import type { Socket } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import { AppError, messageOf } from '../../platform/errors.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { ResponseParser } from '../http1/response-parser.ts';
import type { ExpectedAnswer, ResponseSink } from '../http1/response-parser.ts';
import type {
  PhaseTimeouts,
  UpstreamCall,
  UpstreamFailure,
  UpstreamHandler,
  UpstreamRequest,
} from './upstream-request.ts';

/** What a connection tells the pool that it belongs to. */
export interface ConnectionOwner {
  readonly clock: Clock;
  /** Value of the Host header. */
  readonly authority: string;
  onIdle(connection: Connection): void;
  onClosed(connection: Connection): void;
}

type Phase = 'connecting' | 'first-byte' | 'body' | 'idle' | 'closed';

const usualAnswer: ExpectedAnswer = { bodiless: false, upgrade: '' };

const missing = {
  connecting: 'connection',
  'first-byte': 'answer',
  body: 'further byte of the answer',
} as const;

/**
 * Owns its socket from birth. `send` may be called when it is new or idle; while it still connects, the request
 * leaves once it stands.
 */
export class Connection implements UpstreamCall, ResponseSink {
  /** When the connection may no longer be waited for (busy) or be used again (idle); monotonic milliseconds. */
  deadline = Number.POSITIVE_INFINITY;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #parser = new ResponseParser();
  #phase: Phase = 'connecting';
  #handler: UpstreamHandler | undefined;
  #request: UpstreamRequest | undefined;
  #timeouts: PhaseTimeouts | undefined;
  #answered = 0;
  #receivedAny = false;
  #bodyOpen = false;
  #chunked = false;
  /** It has switched protocols: bytes go both ways, and the time between them is that between any two. */
  #isTunnel = false;
  #idleTimeoutMs: number | undefined;

  /** `readyEvent` is the socket's event after which it can be written to: `connect` or `secureConnect`. */
  constructor(owner: ConnectionOwner, socket: Socket, readyEvent: 'connect' | 'secureConnect') {
    this.#owner = owner;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.once(readyEvent, () => this.#onReady());
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('drain', () => this.#handler?.onUpstreamDrain());
    socket.on('error', (error) => this.#onGone(error));
    socket.on('end', () => this.#onGone(undefined));
    socket.on('close', () => this.#onGone(undefined));
  }

  /** How long the other side says it keeps the connection open when idle. */
  get idleTimeoutMs(): number | undefined {
    return this.#idleTimeoutMs;
  }

  get closed(): boolean {
    return this.#phase === 'closed';
  }

  send(request: UpstreamRequest, handler: UpstreamHandler, timeouts: PhaseTimeouts): void {
    this.#handler = handler;
    this.#request = request;
    this.#timeouts = timeouts;
    this.#receivedAny = false;
    this.#bodyOpen = request.body === undefined;
    this.#chunked = this.#bodyOpen && request.contentLength === undefined;
    if (this.#phase === 'connecting') this.#waitFor(timeouts.connectMs);
    else this.#transmit(request);
  }

  write(chunk: Buffer): boolean {
    if (this.#phase === 'closed' || chunk.length === 0) return true;
    if (this.#phase === 'first-byte') this.#waitFor(this.#timeouts?.firstByteMs ?? 0);
    else if (this.#isTunnel) this.#waitFor(this.#timeouts?.idleMs ?? 0);
    if (!this.#chunked) return this.#socket.write(chunk);
    this.#socket.cork();
    this.#socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
    this.#socket.write(chunk);
    const roomLeft = this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
    return roomLeft;
  }

  endBody(): void {
    this.#bodyOpen = false;
    if (this.#chunked && this.#phase !== 'closed') this.#socket.write('0\r\n\r\n', 'latin1');
  }

  pause(): void {
    this.#socket.pause();
    if (!this.#isTunnel) this.deadline = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    this.#socket.resume();
    if (this.#phase === 'body') this.#waitFor(this.#timeouts?.idleMs ?? 0);
  }

  abort(): void {
    this.#handler = undefined;
    this.destroy();
  }

  destroy(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#socket.destroy();
    this.#owner.onClosed(this);
  }

  /** Called when `deadline` has passed: ends the connection, and the wait of whoever waits for it. */
  expire(): void {
    const phase = this.#phase;
    if (phase === 'closed' || phase === 'idle') {
      this.destroy();
      return;
    }
    const late = new AppError('UPSTREAM_TIMEOUT', `${this.#owner.authority}: no ${missing[phase]} in time`, {
      retryable: true,
    });
    if (phase === 'connecting') this.#fail(unreachable(this.#owner.authority, late), 'unsent');
    // Silence is no sign that the request was not heard: it may well be at work there.
    else this.#fail(late, 'lost');
  }

  /** Ends the connection, and the request on it, because this process is done with it. */
  cut(): void {
    if (this.#phase === 'closed') return;
    this.#fail(closed(this.#owner.authority, new Error('this process is stopping')), 'lost');
  }

  onInformation(head: ResponseHead): void {
    this.#handler?.onInformation(head);
  }

  onHead(head: ResponseHead): void {
    this.#phase = 'body';
    this.#isTunnel = head.status === 101;
    this.#idleTimeoutMs = head.idleTimeoutMs;
    this.#handler?.onHead(head);
  }

  onBody(chunk: Buffer, last: boolean): void {
    this.#handler?.onAnswerBody(chunk, last);
  }

  onEnd(trailers: readonly string[], reusable: boolean): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#request = undefined;
    this.#answered += 1;
    // An answer that came before the request's end leaves the connection amid a body.
    if (this.#phase === 'closed' || !reusable || this.#bodyOpen) this.destroy();
    else {
      this.#phase = 'idle';
      if (this.#socket.isPaused()) this.#socket.resume();
      this.#owner.onIdle(this);
    }
    handler?.onAnswerEnd(trailers);
  }

  #onReady(): void {
    if (this.#phase !== 'connecting') return;
    const request = this.#request;
    if (request === undefined) {
      this.#phase = 'idle';
      this.#owner.onIdle(this);
    } else this.#transmit(request);
  }

  #transmit(request: UpstreamRequest): void {
    this.#phase = 'first-byte';
    const { method, upgrade = '' } = request;
    this.#parser.expect(this, method === 'POST' ? usualAnswer : { bodiless: method === 'HEAD', upgrade });
    this.#waitFor(this.#timeouts?.firstByteMs ?? 0);
    const head = this.#headOf(request);
    if (request.body !== undefined) this.#transmitWhole(head, request.body, method);
    else {
      const framing = this.#chunked
        ? 'transfer-encoding: chunked\r\n\r\n'
        : `content-length: ${request.contentLength ?? 0}\r\n\r\n`;
      this.#socket.write(head + framing, 'latin1');
      this.#handler?.onWritable();
    }
  }

  /** Returns the head without what says how the body is framed. */
  #headOf({ method, path, headers, upgrade }: UpstreamRequest): string {
    let head = `${method} ${path} HTTP/1.1\r\nhost: ${this.#owner.authority}\r\n`;
    for (let index = 0; index + 1 < headers.length; index += 2) {
      head += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`;
    }
    return upgrade === undefined ? head : `${head}connection: Upgrade\r\nupgrade: ${upgrade}\r\n`;
  }

  /** Head and body in one write: one system call, and one TLS record. */
  #transmitWhole(head: string, body: Buffer, method: string): void {
    if (body.length === 0 && method === 'GET') {
      this.#socket.write(`${head}\r\n`, 'latin1');
      return;
    }
    const framed = `${head}content-length: ${body.length}\r\n\r\n`;
    const bytes = Buffer.allocUnsafe(framed.length + body.length);
    bytes.write(framed, 0, 'latin1');
    body.copy(bytes, framed.length);
    this.#socket.write(bytes);
  }

  #onData(bytes: Buffer): void {
    this.#receivedAny = true;
    try {
      this.#parser.feed(bytes);
    } catch (error) {
      const malformed = error instanceof AppError ? error : closed(this.#owner.authority, error);
      this.#fail(malformed, 'lost');
      return;
    }
    if (this.#phase === 'body' && !this.#socket.isPaused()) this.#waitFor(this.#timeouts?.idleMs ?? 0);
  }

  #onGone(cause: Error | undefined): void {
    const phase = this.#phase;
    if (phase === 'closed') return;
    if (phase === 'body' && cause === undefined && this.#parser.finish()) return;
    const error =
      phase === 'connecting'
        ? unreachable(this.#owner.authority, cause)
        : closed(this.#owner.authority, cause);
    this.#fail(error, this.#lossKind(phase));
  }

  #lossKind(phase: Phase): UpstreamFailure['kind'] {
    if (phase === 'connecting') return 'unsent';
    return this.#answered > 0 && !this.#receivedAny && phase === 'first-byte' ? 'stale' : 'lost';
  }

  #fail(error: AppError, kind: UpstreamFailure['kind']): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.destroy();
    handler?.onFailure({ error, kind });
  }

  #waitFor(milliseconds: number): void {
    this.deadline =
      milliseconds === 0 ? Number.POSITIVE_INFINITY : this.#owner.clock.monotonic() + milliseconds;
  }
}

function unreachable(authority: string, cause: unknown): AppError {
  return new AppError('UPSTREAM_UNREACHABLE', `cannot connect to ${authority}${why(cause)}`, {
    retryable: true,
    cause,
  });
}

function closed(authority: string, cause: unknown): AppError {
  return new AppError(
    'UPSTREAM_CLOSED',
    `${authority} closed the connection before its answer was whole${why(cause)}`,
    {
      retryable: true,
      cause,
    },
  );
}

const why = (cause: unknown): string => (cause === undefined ? '' : `: ${messageOf(cause)}`);
