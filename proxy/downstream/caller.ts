/** Owns what an exchange sees of its caller: the request that came and the way back, whatever protocol carries them. */
import type { Refusal } from '../errors.ts';
import type { BodySink } from '../http1/body-reader.ts';
import type { RequestHead } from '../http1/request-head.ts';

/**
 * How an answer's body ends. `length`: its headers hold a Content-Length. `stream`: the protocol marks the end. `none`:
 * there is no body, whatever its headers say (204, 304). `tunnel`: it is no body, but what the other protocol says that
 * was switched to (101); the request's body is what the caller says in it.
 */
export type AnswerFraming = 'length' | 'stream' | 'none' | 'tunnel';

/** The other end of a connection, the same object for all requests on it: something to remember things by. */
export interface Peer {
  readonly remoteAddress: string;
  /** SPIFFE identities of the verified certificate that it showed; none where it showed none. */
  identities(): readonly string[];
}

/** What happens to a request after it was taken; told to its exchange. */
export interface CallerEvents {
  /** The answer has been handed over whole, or the caller is gone: the exchange is over. */
  onEnd(): void;
  /** The caller takes more of the answer again, after `write` has returned false. */
  onDrain(): void;
  /** The request cannot be read on: its body is malformed, or does not come. */
  onBroken(refusal: Refusal): void;
}

export interface Caller {
  /** It speaks HTTP/2: trailers and gRPC have a place there. */
  readonly isHttp2: boolean;
  readonly head: RequestHead;
  readonly peer: Peer;
  /** To be set by whoever takes the request, before anything else. */
  events: CallerEvents | undefined;
  /** An answer has begun; it can only be ended or cut. */
  readonly answered: boolean;
  /** Part of the request's body has not come yet. */
  readonly stillSends: boolean;
  /** Returns the whole body where it is here already and has not been touched; undefined: it is to be read. */
  takeWholeBody(): Buffer | undefined;
  /** Gives the body to `sink`, also what is here already, and perhaps before it returns. */
  readBody(sink: BodySink): void;
  pauseBody(): void;
  resumeBody(): void;
  sendContinue(): void;
  /** Sends an interim answer (1xx); headers are raw pairs. */
  sendInformation(status: number, headers: readonly string[]): void;
  /** Begins the answer; headers are raw pairs without those of one hop. */
  sendHead(status: number, reason: string, headers: readonly string[], framing: AnswerFraming): void;
  /** Sends a piece of the answer's body; false: stop until `onDrain`. */
  write(chunk: Buffer): boolean;
  /** Ends the answer; trailers are raw pairs, and are dropped where the protocol has no place for them. */
  end(lastChunk?: Buffer, trailers?: readonly string[]): void;
  /**
   * Ends the connection (HTTP/1) or stream (HTTP/2) at once, so that nobody takes the answer for whole. `lastWords` still
   * go to the caller, where the body of the answer has room for them: it streams.
   */
  cut(lastWords?: Buffer): void;
}
