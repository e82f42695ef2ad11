/** Owns one connection of a client that speaks HTTP/1.1: its bytes, one request after the other, its time limits, its end. */
import type { Socket } from 'node:net';
import { parseRequestHead } from '../http1/request-head.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { checkUnfinishedHead } from '../http1/unfinished-head.ts';
import { refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import type { Peer } from './caller.ts';
import { Http1Caller } from './http1-caller.ts';
import type { CallerConnection } from './http1-caller.ts';
import { isPreface } from './http2-preface.ts';
import { MalformedBody } from './malformed-body.ts';
import { makeRefusalAnswer } from './refusal-answer.ts';
import type { ConnectionHost, ServedConnection } from './served-connection.ts';

const headEnd = Buffer.from('\r\n\r\n');

type Phase = 'idle' | 'head' | 'request' | 'linger' | 'closed';

export class Http1Connection implements CallerConnection, ServedConnection {
  readonly peer: Peer;
  unread: Buffer | undefined;
  deadline: number;
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  readonly #listeners: readonly (readonly [event: string, listener: (bytes: Buffer) => void])[];
  #phase: Phase = 'idle';
  #caller: Http1Caller | undefined;
  #pumping = false;
  #requests = 0;
  /** Up to where the end of the head has been looked for. */
  #searched = 0;
  /** What the socket had not sent yet when its patience was last looked at. */
  #unsent = Number.POSITIVE_INFINITY;

  constructor(host: ConnectionHost, socket: Socket, peer: Peer) {
    this.#host = host;
    this.#socket = socket;
    this.peer = peer;
    this.deadline = host.now() + host.limits.idleMs;
    const onGone = (): void => this.#onGone();
    this.#listeners = [
      ['data', (bytes: Buffer) => this.#receive(bytes)],
      ['drain', () => this.#onDrain()],
      ['end', onGone],
      ['close', onGone],
      ['error', onGone],
    ];
    for (const [event, listener] of this.#listeners) socket.on(event, listener);
  }

  keepAliveSeconds(caller: Http1Caller): number | undefined {
    const keeps = caller.head.keepAlive && !caller.stillSends && !this.#host.draining;
    return keeps ? this.#host.limits.idleMs / 1000 : undefined;
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
      this.deadline = this.#host.now() + this.#host.limits.idleMs;
    } else this.#linger();
    caller.events?.onEnd();
    if (stays) this.pump();
  }

  expire(): void {
    if (this.#phase === 'head') this.#refuse(refusals.requestTooSlow);
    else if (this.#phase === 'request') {
      this.deadline = Number.POSITIVE_INFINITY;
      this.#caller?.events?.onBroken(refusals.requestTooSlow);
    } else if (!this.#isStillRead()) this.destroy();
  }

  letGo(): void {
    if (this.#phase === 'idle') this.#linger();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#onGone();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
    this.#onGone();
  }

  #receive(bytes: Buffer): void {
    // What comes after the last answer is read and dropped: left unread, it would make a reset that takes the answer along.
    if (this.#phase === 'linger' || this.#phase === 'closed') return;
    this.unread = this.unread === undefined ? bytes : Buffer.concat([this.unread, bytes]);
    this.pump();
  }

  /** Takes a step with what was received; false: there is nothing to be done with it for now. */
  #step(bytes: Buffer): boolean {
    const caller = this.#caller;
    if (caller === undefined) {
      if (this.#phase !== 'idle' && this.#phase !== 'head') return false;
      // Who sends requests and reads no answers would have them all in memory.
      return this.#socket.writableNeedDrain ? false : this.#readHead(bytes);
    }
    if (!caller.wantsBody) return false;
    const taken = caller.feed(bytes);
    this.unread = taken === bytes.length ? undefined : bytes.subarray(taken);
    return taken > 0;
  }

  #readHead(bytes: Buffer): boolean {
    const { headBytes, headMs } = this.#host.limits;
    if (this.#phase === 'idle') {
      const start = startOfHead(bytes);
      if (start === bytes.length) return false;
      this.#phase = 'head';
      this.#searched = start;
      this.deadline = this.#host.now() + headMs;
    }
    const from = startOfHead(bytes);
    const end = bytes.indexOf(headEnd, Math.max(from, this.#searched - headEnd.length));
    if (end === -1 ? bytes.length > headBytes : end > headBytes) {
      const line = bytes.indexOf(10);
      this.#refuse(line === -1 || line > headBytes ? refusals.targetTooLong : refusals.headersTooLarge);
      return false;
    }
    if (this.#requests === 0 && isPreface(bytes) && this.#becomeHttp2(bytes)) return false;
    if (end === -1) return this.#awaitHead(bytes, from);
    const head = parseRequestHead(bytes, from, end);
    if ('errorCode' in head) this.#refuse(head);
    else this.#serve(head, bytes, end + headEnd.length);
    return !('errorCode' in head);
  }

  #awaitHead(bytes: Buffer, from: number): false {
    const refusal = checkUnfinishedHead(bytes, from, this.#searched);
    if (refusal === undefined) this.#searched = bytes.length;
    else this.#refuse(refusal);
    return false;
  }

  /** Hands the socket over, where HTTP/2 is spoken; this object is done with it. */
  #becomeHttp2(bytes: Buffer): boolean {
    if (!this.#host.mayTurnHttp2) return false;
    this.#phase = 'closed';
    this.unread = undefined;
    for (const [event, listener] of this.#listeners) this.#socket.off(event, listener);
    this.#host.onClosed(this);
    this.#host.takeHttp2(this.#socket, bytes);
    return true;
  }

  #serve(head: RequestHead, bytes: Buffer, from: number): void {
    this.unread = from === bytes.length ? undefined : bytes.subarray(from);
    this.#searched = 0;
    this.#requests += 1;
    this.#phase = 'request';
    this.deadline = Number.POSITIVE_INFINITY;
    const caller = new Http1Caller(this, head);
    this.#caller = caller;
    this.#host.serve(caller);
  }

  /** Reads only what there is use for, and waits for a body no longer than is decent. */
  #regulate(): void {
    if (this.#phase === 'linger' || this.#phase === 'closed') return;
    const caller = this.#caller;
    if (this.#phase === 'request' && caller !== undefined) {
      const waitsForBody = caller.wantsBody && !caller.isTunnel;
      this.deadline = waitsForBody
        ? this.#host.now() + this.#host.limits.bodyIdleMs
        : Number.POSITIVE_INFINITY;
    }
    const hasEnough = this.#hasEnough();
    if (hasEnough === this.#socket.isPaused()) return;
    if (hasEnough) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Whether more than is here already is of no use now: the rest waits in the kernel. */
  #hasEnough(): boolean {
    if (this.unread === undefined) return false;
    const { waitingBodyBytes, pipelinedBytes } = this.#host.limits;
    return this.unread.length > (this.#caller?.stillSends === true ? waitingBodyBytes : pipelinedBytes);
  }

  #onDrain(): void {
    if (this.#caller === undefined) this.pump();
    else this.#caller.events?.onDrain();
  }

  /** Whether the caller still takes of an answer that is handed over; then it gets the time for it. */
  #isStillRead(): boolean {
    const before = this.#unsent;
    this.#unsent = this.#socket.writableLength;
    if (this.#unsent === 0 || this.#unsent >= before) return false;
    this.deadline = this.#host.now() + this.#host.limits.lingerMs;
    return true;
  }

  /** What is no proper request never becomes one; its sender gets the reason, and the connection ends. */
  #refuse(refusal: Refusal): void {
    this.#socket.write(makeRefusalAnswer(refusal));
    this.#linger();
  }

  /** Tells the end of the answer; what still comes is read and dropped for a while. */
  #linger(): void {
    this.#phase = 'linger';
    this.unread = undefined;
    this.deadline = this.#host.now() + this.#host.limits.lingerMs;
    this.#socket.end();
    this.#socket.resume();
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
