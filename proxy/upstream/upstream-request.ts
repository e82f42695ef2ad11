/** Owns what goes to an upstream and what comes back: the request, the callbacks of its answer, and its handle. */
import type { AppError } from '../../platform/errors.ts';
import type { ResponseHead } from '../http1/response-head.ts';

export interface UpstreamRequest {
  readonly method: string;
  /** Path and query, as on the request line. */
  readonly path: string;
  /**
   * Raw name/value pairs, free of CR and LF, without host, connection, content-length and transfer-encoding: the
   * connection writes those itself.
   */
  readonly headers: readonly string[];
  /** The whole body; undefined: it follows through `UpstreamCall.write`. */
  readonly body: Buffer | undefined;
  /** Length of a body that follows; undefined: it is sent in chunks. */
  readonly contentLength: number | undefined;
  /**
   * The protocol that is asked for. Where the upstream switches to it, the head's status is 101; what comes after is told
   * as a body, and `UpstreamCall.write` sends bytes as they are.
   */
  readonly upgrade?: 'websocket' | undefined;
}

/** Deadlines of one request, phase by phase, in milliseconds; 0: none. */
export interface PhaseTimeouts {
  readonly connectMs: number;
  readonly firstByteMs: number;
  /** Between two bytes of an answer. */
  readonly idleMs: number;
}

export interface UpstreamFailure {
  /**
   * `UPSTREAM_UNREACHABLE`, `UPSTREAM_CLOSED`, `UPSTREAM_TIMEOUT` or `UPSTREAM_MALFORMED`; the message says which
   * address and why, for logs and not for callers.
   */
  readonly error: AppError;
  /**
   * `unsent`: no byte left this process. `stale`: it went out on a connection that had been used before and that was
   * closed before any byte of an answer, as happens when the other side closes idle connections. Else `lost`.
   */
  readonly kind: 'unsent' | 'stale' | 'lost';
}

/** What is told about one request; after onAnswerEnd or onFailure nothing more is. */
export interface UpstreamHandler {
  onInformation(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  /** `last`: this chunk ends the body. The chunk may be kept. */
  onAnswerBody(chunk: Buffer, last: boolean): void;
  onAnswerEnd(trailers: readonly string[]): void;
  onFailure(failure: UpstreamFailure): void;
  /** The connection stands; a body that follows may be written from now on. */
  onWritable(): void;
  /** A write returned false before; there is room again. */
  onUpstreamDrain(): void;
}

/** Whoever sends requests to one address. */
export interface Upstream {
  /** `fresh` asks for a new connection, where connections are not shared. */
  send(
    request: UpstreamRequest,
    handler: UpstreamHandler,
    timeouts: PhaseTimeouts,
    fresh?: boolean,
  ): UpstreamCall;
}

export interface UpstreamCall {
  /** Sends a piece of the body; false: wait for onUpstreamDrain before the next one. */
  write(chunk: Buffer): boolean;
  endBody(): void;
  /** Stops reading the answer (backpressure); its deadlines rest meanwhile. */
  pause(): void;
  resume(): void;
  /** Gives the request up: the connection is destroyed, the handler hears nothing more. */
  abort(): void;
}
