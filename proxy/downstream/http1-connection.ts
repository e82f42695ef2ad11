/** Owns one connection of a client that speaks HTTP/1.1: its bytes, one request after the other, its time limits, its end. */
import type { Socket } from 'node:net';
import { makeAnswerHead } from '../http1/answer-head.ts';
import { parseRequestHead } from '../http1/request-head.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { refusalBody, refusalHeaders, refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import type { Peer } from './caller.ts';
import { Http1Caller } from './http1-caller.ts';
import type { CallerConnection } from './http1-caller.ts';
import { MalformedBody } from './malformed-body.ts';

/** What a connection needs of the server that accepted it. */
export interface ConnectionHost {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Connections are to end with the answer that is under way on them. */
  readonly draining: boolean;
  /** Takes a request; it sets `caller.events`. */
  serve(caller: Http1Caller): void;
  onClosed(connection: Http1Connection): void;
}

/** Time limits of one connection, in milliseconds, and the most bytes of a head. */
const limits = {
  headBytes: 32 * 1024,
  /** From the first byte of a request to the end of its head. */
  headMs: 30_000,
  /** Between two pieces of a request's body. */
  bodyIdleMs: 30_000,
  /** Longer than the idle time of usual load balancers, so that it is they who close first. */
  idleMs: 75_000,
  /** For reading what a caller still sends who has his answer already: closing at once might lose it to a reset. */
  lingerMs: 2_000,
  /** Of requests that come before the answer to the one under way; the rest waits in the kernel. */
  pipelinedBytes: 64 * 1024,
} as const;

const headEnd = Buffer.from('\r\n\r\n');

type Phase = 'idle' | 'head' | 'request' | 'linger' | 'closed';

export class Http1Connection implements CallerConnection {
  readonly peer: Peer;
  unread: Buffer | undefined;
  /** Monotonic milliseconds after which `expire` is to be called. */
  deadline: number;
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  #phase: Phase = 'idle';
  #caller: Http1Caller | undefined;
  #pumping = false;
  /** Up to where the end of the head has been looked for. */
  #searched = 0;

  constructor(host: ConnectionHost, socket: Socket, peer: Peer) {
    this.#host = host;
    this.#socket = socket;
    this.peer = peer;
    this.deadline = host.now() + limits.idleMs;
    socket.on('data', (bytes: Buffer) => this.receive(bytes));
    socket.on('drain', () => this.#caller?.events?.onDrain());
    socket.on('end', () => this.#onGone());
    socket.on('close', () => this.#onGone());
    socket.on('error', () => this.#onGone());
  }

  /** Whether a request is under way. */
  get busy(): boolean {
    return this.#phase === 'request' || this.#phase === 'linger';
  }

  receive(bytes: Buffer): void {
    if (this.#phase === 'linger' || this.#phase === 'closed') {
      this.#discard(bytes);
      return;
    }
    this.unread = this.unread === undefined ? bytes : Buffer.concat([this.unread, bytes]);
    this.pump();
  }

  keepAliveSeconds(caller: Http1Caller): number | undefined {
    const keeps = caller.head.keepAlive && !caller.stillSends && !this.#host.draining;
    return keeps ? limits.idleMs / 1000 : undefined;
  }

  pump(): void {
    if (this.#pumping || this.#phase === 'closed') return;
    this.#pumping = true;
    try {
      while (this.unread !== undefined && this.#step(this.unread));
    } catch (error) {
      if (!(error instanceof MalformedBody)) throw error;
      this.#caller?.events?.onBroken(error.refusal);
    } finally {
      this.#pumping = false;
    }
    this.#regulate();
  }

  write(bytes: Buffer): boolean {
    return this.#phase === 'closed' || this.#socket.write(bytes);
  }

  writeParts(parts: readonly Buffer[]): boolean {
    if (this.#phase === 'closed') return true;
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
    return !this.#socket.writableNeedDrain;
  }

  onAnswered(caller: Http1Caller, keep: boolean): void {
    if (this.#phase !== 'request' || caller !== this.#caller) return;
    this.#caller = undefined;
    const stays = keep && !this.#host.draining;
    if (stays) {
      this.#phase = 'idle';
      this.deadline = this.#host.now() + limits.idleMs;
    } else if (caller.stillSends) this.#linger();
    else this.#end();
    caller.events?.onEnd();
    if (stays) this.pump();
  }

  /** Called when `deadline` has passed. */
  expire(): void {
    if (this.#phase === 'head') this.#refuse(refusals.requestTooSlow);
    else if (this.#phase === 'request') {
      this.deadline = Number.POSITIVE_INFINITY;
      this.#caller?.events?.onBroken(refusals.requestTooSlow);
    } else this.destroy();
  }

  /** Ends it unless a request is under way. */
  endIfIdle(): void {
    if (this.#phase === 'idle') this.#end();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#onGone();
  }

  /** Takes a step with what was received; false: there is nothing to be done with it for now. */
  #step(bytes: Buffer): boolean {
    const caller = this.#caller;
    if (caller === undefined)
      return this.#phase === 'idle' || this.#phase === 'head' ? this.#readHead(bytes) : false;
    if (!caller.wantsBody) return false;
    const taken = caller.feed(bytes);
    this.unread = taken === bytes.length ? undefined : bytes.subarray(taken);
    return taken > 0;
  }

  #readHead(bytes: Buffer): boolean {
    if (this.#phase === 'idle') {
      const from = startOfHead(bytes);
      if (from === bytes.length) return false;
      this.#phase = 'head';
      this.#searched = from;
      this.deadline = this.#host.now() + limits.headMs;
    }
    const end = bytes.indexOf(headEnd, Math.max(0, this.#searched - headEnd.length));
    if (end === -1 ? bytes.length > limits.headBytes : end > limits.headBytes) {
      this.#refuse(refusals.headersTooLarge);
      return false;
    }
    if (end === -1) {
      this.#searched = bytes.length;
      return false;
    }
    const head = parseRequestHead(bytes, startOfHead(bytes), end);
    if ('errorCode' in head) this.#refuse(head);
    else this.#serve(head, bytes, end + headEnd.length);
    return !('errorCode' in head);
  }

  #serve(head: RequestHead, bytes: Buffer, from: number): void {
    this.unread = from === bytes.length ? undefined : bytes.subarray(from);
    this.#searched = 0;
    this.#phase = 'request';
    this.deadline = Number.POSITIVE_INFINITY;
    const caller = new Http1Caller(this, head);
    this.#caller = caller;
    this.#host.serve(caller);
  }

  /** Reads only what there is use for, and waits for a body no longer than is decent. */
  #regulate(): void {
    if (this.#phase === 'linger' || this.#phase === 'closed') return;
    if (this.#phase === 'request') {
      const waitsForBody = this.#caller?.wantsBody === true;
      this.deadline = waitsForBody ? this.#host.now() + limits.bodyIdleMs : Number.POSITIVE_INFINITY;
    }
    const hasEnough = this.#hasEnough();
    if (hasEnough === this.#socket.isPaused()) return;
    if (hasEnough) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Whether more than is here already is of no use now: the rest waits in the kernel. */
  #hasEnough(): boolean {
    const caller = this.#caller;
    if (caller === undefined || this.unread === undefined) return false;
    return this.unread.length > (caller.stillSends ? 0 : limits.pipelinedBytes);
  }

  /** What is no proper request never becomes one; its sender gets the reason, and the connection ends. */
  #refuse(refusal: Refusal): void {
    const body = Buffer.from(refusalBody(refusal));
    const headers = refusalHeaders(refusal, body.length);
    const head = makeAnswerHead({
      status: refusal.status,
      reason: '',
      headers,
      chunked: false,
      keepAliveSeconds: undefined,
    });
    this.#socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]));
    this.#linger();
  }

  #linger(): void {
    this.#phase = 'linger';
    this.unread = undefined;
    this.deadline = this.#host.now() + limits.lingerMs;
    // The answer's end is told, and what still comes is read and dropped.
    this.#socket.end();
    this.#socket.resume();
  }

  #discard(_bytes: Buffer): void {
    // Nobody wants it any more; reading it keeps the answer from being lost to a reset.
  }

  #end(): void {
    this.#phase = 'linger';
    this.deadline = this.#host.now() + limits.lingerMs;
    this.#socket.end();
  }

  #onGone(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.unread = undefined;
    const caller = this.#caller;
    this.#caller = undefined;
    this.#socket.destroy();
    this.#host.onClosed(this);
    caller?.events?.onEnd();
  }
}

/** Returns where a request begins: an empty line before it is tolerated (RFC 9112 §2.2). */
const startOfHead = (bytes: Buffer): number => (bytes[0] === 13 && bytes[1] === 10 ? 2 : 0);
