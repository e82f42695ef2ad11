/** Owns one connection of a client that speaks HTTP/2: its session, the requests on it, its bounds, its floods, its end. */
import { constants, performServerHandshake } from 'node:http2';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream, ServerOptions } from 'node:http2';
import type { Socket } from 'node:net';
import { refusalBody, refusalHeaders, refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import type { Peer } from './caller.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { Http2Caller } from './http2-caller.ts';
import type { StreamHost } from './http2-caller.ts';
import { parseHttp2Head, unreadableHead } from './http2-head.ts';
import type { ConnectionHost, ServedConnection } from './served-connection.ts';

/** Any stream of a client; a GOAWAY with it announces that the connection will end, and refuses nothing yet. */
const lastOfAllStreams = 2 ** 31 - 1;
const connectionWindowBytes = 1024 * 1024;
/** PING and SETTINGS without anything else in between; what libraries do to measure a link is far from it. */
const maxControlFrames = 1_000;
/** Bytes between two looks at a connection that has carried no request meanwhile: frames that node tells nobody of. */
const maxIdleBytes = 256 * 1024;

const sessionOptions = ({ headBytes, streams, streamWindowBytes }: ConnectionLimits): ServerOptions => ({
  settings: {
    maxConcurrentStreams: streams,
    initialWindowSize: streamWindowBytes,
    maxHeaderListSize: headBytes,
    enablePush: false,
  },
  maxHeaderListPairs: 130,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  maxSettings: 32,
  // Requests that are taken back at once ("rapid reset"): in a burst, and a second.
  streamResetBurst: 300,
  streamResetRate: 30,
});

export class Http2Connection implements ServedConnection, StreamHost {
  readonly peer: Peer;
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #callers = new Set<Http2Caller>();
  #idleDeadline: number;
  #controlFrames = 0;
  #receivedBytes = 0;
  #closed = false;

  /** Takes over `socket`, with what was read of it unshifted. */
  constructor(host: ConnectionHost, socket: Socket, peer: Peer) {
    this.#host = host;
    this.#socket = socket;
    this.peer = peer;
    this.#idleDeadline = host.now() + host.limits.idleMs;
    this.#session = performServerHandshake(socket, sessionOptions(host.limits));
    const session = this.#session;
    handOver(socket, session);
    // Streams have windows of their own; that of the connection only slows down who is far away.
    session.setLocalWindowSize(connectionWindowBytes);
    session.on('stream', (stream, _headers: IncomingHttpHeaders, flags: number, raw: string[]) =>
      this.#serve(stream, raw, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0),
    );
    session.on('ping', () => this.#noteControl());
    session.on('remoteSettings', () => this.#noteControl());
    // What a client does to a session ends that session, and concerns nobody else.
    session.on('error', () => this.#destroy());
    session.on('close', () => this.#onClosed());
    if (host.draining) this.startDraining();
  }

  get now(): () => number {
    return this.#host.now;
  }

  get bodyIdleMs(): number {
    return this.#host.limits.bodyIdleMs;
  }

  get lingerMs(): number {
    return this.#host.limits.lingerMs;
  }

  get deadline(): number {
    if (this.#callers.size === 0) return this.#idleDeadline;
    let first = Number.POSITIVE_INFINITY;
    for (const { deadline } of this.#callers) first = Math.min(first, deadline);
    return first;
  }

  expire(): void {
    const now = this.#host.now();
    if (this.#callers.size === 0) this.letGo();
    if (this.#callers.size === 0 && this.#idleDeadline + this.#host.limits.lingerMs < now) this.#destroy();
    for (const caller of this.#callers) if (caller.deadline <= now) caller.expire(refusals.requestTooSlow);
  }

  /** Called every now and then: ends a connection that is busy with everything but requests. */
  inspect(): void {
    const received = this.#socket.bytesRead;
    if (this.#callers.size === 0 && received - this.#receivedBytes > maxIdleBytes) this.#refuseFlood();
    this.#receivedBytes = received;
  }

  startDraining(): void {
    if (this.#isOpen) this.#session.goaway(constants.NGHTTP2_NO_ERROR, lastOfAllStreams);
  }

  letGo(): void {
    if (this.#isOpen) this.#session.close();
  }

  noteUse(): void {
    this.#controlFrames = 0;
  }

  get #isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  #serve(stream: ServerHttp2Stream, raw: readonly string[], bodiless: boolean): void {
    // Whatever has come until now has come for a request.
    this.#receivedBytes = Number.POSITIVE_INFINITY;
    this.noteUse();
    const read = parseHttp2Head(raw, bodiless, this.#host.limits.headBytes);
    const refusal = 'errorCode' in read ? read : undefined;
    const head = 'errorCode' in read ? unreadableHead(bodiless) : read;
    const caller = new Http2Caller(this, stream, head, () => this.#onStreamClosed(caller));
    this.#callers.add(caller);
    if (refusal === undefined) this.#host.serve(caller);
    else refuse(caller, refusal);
  }

  #onStreamClosed(caller: Http2Caller): void {
    this.#callers.delete(caller);
    this.#idleDeadline = this.#host.now() + this.#host.limits.idleMs;
  }

  #noteControl(): void {
    this.#controlFrames += 1;
    if (this.#controlFrames > maxControlFrames) this.#refuseFlood();
  }

  #refuseFlood(): void {
    // Not while the session hands out what it has received.
    setImmediate(() =>
      this.#session.destroy(
        new Error('too many frames that are no requests'),
        constants.NGHTTP2_ENHANCE_YOUR_CALM,
      ),
    );
  }

  #destroy(): void {
    this.#session.destroy();
    this.#onClosed();
  }

  #onClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    this.#host.onClosed(this);
  }
}

/**
 * Node hands a new session what its socket has buffered, in the next tick, in a loop that goes on when the first of it has
 * ended the session, and then throws where nobody can catch it: the process would end by what any client may send.
 */
function handOver(socket: Socket, session: ServerHttp2Session): void {
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => (session.destroyed ? null : read(size));
  process.nextTick(() => {
    socket.read = read;
    // It was paused, and the end of a connection is seen by those alone who read.
    socket.resume();
  });
}

/** What is no proper request never becomes one; the connection is for others, and stays. */
function refuse(caller: Http2Caller, refusal: Refusal): void {
  const body = Buffer.from(refusalBody(refusal));
  caller.sendHead(refusal.status, '', refusalHeaders(refusal, body.length), 'length');
  caller.end(body);
}
