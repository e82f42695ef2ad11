/** Owns the sessions of HTTP/2 to one address, for gRPC: few, each shared by many calls, and made anew when they are gone. */
import type { ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import { Http2Call } from './http2-call.ts';
import type { CallOwner } from './http2-call.ts';
import type {
  PhaseTimeouts,
  Upstream,
  UpstreamCall,
  UpstreamHandler,
  UpstreamRequest,
} from './upstream-request.ts';

export interface Http2UpstreamOptions {
  /** Host and port. */
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  /** Opens a connection; over TLS it offers `h2` alone. */
  readonly connect: () => Socket;
  /** How long a session may lie idle, in milliseconds. */
  readonly idleMs: number;
  readonly clock: Clock;
}

/** Most calls on one session: what sidecars take, and model servers usually. */
const callsPerSession = 100;
const sweepMs = 250;

/** A session from the moment at which it is wanted. */
interface Line {
  session: ClientHttp2Session | undefined;
  /** It stands. */
  ready: boolean;
  /** It takes no new calls. */
  ended: boolean;
  readonly calls: Set<Http2Call>;
  idleSince: number;
}

export class Http2Upstream implements Upstream, CallOwner {
  readonly clock: Clock;
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  readonly #options: Http2UpstreamOptions;
  readonly #lines = new Set<Line>();
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: Http2UpstreamOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.authority = options.authority;
    this.scheme = options.scheme;
  }

  send(request: UpstreamRequest, handler: UpstreamHandler, timeouts: PhaseTimeouts): UpstreamCall {
    const call = new Http2Call(this, request, handler, timeouts);
    const line = this.#lineWithRoom() ?? this.#open();
    line.calls.add(call);
    // Not before the caller has got hold of the call.
    if (line.ready && line.session !== undefined) queueMicrotask(() => this.#start(line, call));
    return call;
  }

  onDone(call: Http2Call): void {
    for (const line of this.#lines) {
      if (!line.calls.delete(call) || line.calls.size > 0) continue;
      line.idleSince = this.clock.monotonic();
      if (line.ended) this.#forget(line);
    }
  }

  /** Ends sessions as they become idle: what comes next opens new ones. */
  closeIdle(): void {
    for (const line of this.#lines) {
      line.ended = true;
      if (line.calls.size === 0) this.#forget(line);
    }
  }

  /** Ends everything: calls under way fail. */
  destroy(): void {
    for (const line of this.#lines) {
      line.ended = true;
      for (const call of line.calls) call.failToConnect(new Error('this process is stopping'));
      this.#forget(line);
    }
  }

  #lineWithRoom(): Line | undefined {
    for (const line of this.#lines) {
      if (!line.ended && line.session?.closed !== true && line.calls.size < callsPerSession) return line;
    }
    return undefined;
  }

  #open(): Line {
    const line: Line = {
      session: undefined,
      ready: false,
      ended: false,
      calls: new Set(),
      idleSince: Number.POSITIVE_INFINITY,
    };
    this.#lines.add(line);
    this.#sweep ??= setInterval(() => this.#lookAfter(), sweepMs).unref();
    this.#connect(line).catch((error: unknown) => this.#fail(line, asError(error)));
    return line;
  }

  async #connect(line: Line): Promise<void> {
    // Loaded by the first call: it costs memory, and many a proxy never makes one.
    const { connect } = await import('node:http2');
    if (line.ended) {
      this.#fail(line, undefined);
      return;
    }
    const { scheme, authority } = this;
    const session = connect(`${scheme}://${authority}`, {
      createConnection: () => this.#options.connect(),
      settings: { enablePush: false, initialWindowSize: windowBytes },
      maxSessionMemory: 64,
    });
    line.session = session;
    session.on('connect', () => {
      session.setLocalWindowSize(windowBytes * 4);
      line.ready = true;
      for (const call of line.calls) this.#start(line, call);
    });
    session.on('goaway', () => (line.ended = true));
    session.on('error', (error: Error) => this.#fail(line, error));
    session.on('close', () => this.#fail(line, undefined));
  }

  #start(line: Line, call: Http2Call): void {
    if (!line.calls.has(call)) return;
    if (line.session === undefined || line.session.closed || line.session.destroyed) {
      call.failToConnect(undefined);
    } else call.start(line.session);
  }

  /** Calls that have begun hear it from their streams; the others were not sent. */
  #fail(line: Line, cause: Error | undefined): void {
    line.ended = true;
    if (!line.ready) for (const call of line.calls) call.failToConnect(cause);
    this.#forget(line);
  }

  #forget(line: Line): void {
    if (line.calls.size > 0 && line.session?.destroyed === false) return;
    this.#lines.delete(line);
    // Not while the session hands out what it has received, nor before the streams of calls that have just ended are reset.
    setImmediate(() => line.session?.destroy());
    if (this.#lines.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #lookAfter(): void {
    const now = this.clock.monotonic();
    for (const line of this.#lines) {
      for (const call of line.calls) if (call.deadline <= now) call.expire();
      if (line.calls.size === 0 && line.idleSince + this.#options.idleMs <= now) {
        line.ended = true;
        this.#forget(line);
      }
    }
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/** What an answer may have on its way, for each call. */
const windowBytes = 256 * 1024;
