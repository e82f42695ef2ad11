/** Owns what a server that accepted a connection and the connection itself know of each other, whatever protocol it speaks. */
import type { Socket } from 'node:net';
import type { Caller } from './caller.ts';
import type { ConnectionLimits } from './connection-limits.ts';

/** A connection as the server that accepted it knows it. */
export interface ServedConnection {
  /** Monotonic milliseconds after which `expire` is to be called. */
  readonly deadline: number;
  expire(): void;
  /** Called every now and then, where a connection wants to look after itself. */
  inspect?(): void;
  /** The process will end soon: new requests should go elsewhere, and are served here meanwhile. */
  startDraining?(): void;
  /** From now on it takes nothing new: it ends at once when it is idle, else after what is under way. */
  letGo(): void;
}

/** What a connection needs of the server that accepted it. */
export interface ConnectionHost {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly limits: ConnectionLimits;
  /** Connections are to end with the answer that is under way on them. */
  readonly draining: boolean;
  /** Takes a request; it sets `caller.events`. */
  serve(caller: Caller): void;
  /** Whether a client may speak HTTP/2 without having agreed on it. */
  readonly mayTurnHttp2: boolean;
  /** Takes over a socket whose client speaks HTTP/2; `received` are its first bytes. */
  takeHttp2(socket: Socket, received: Buffer): void;
  onClosed(connection: ServedConnection): void;
}
