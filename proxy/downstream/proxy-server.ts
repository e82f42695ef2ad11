/** Owns a port that takes requests: its connections, their time limits, and how it lets go of them. */
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { listen } from '../../platform/listener.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import type { Exchange } from '../exchange.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';
import type { Caller } from './caller.ts';
import { Http1Connection } from './http1-connection.ts';
import type { ConnectionHost } from './http1-connection.ts';
import { peerOf } from './socket-peer.ts';
import { makeTlsServer } from './tls-server.ts';

export interface ProxyServer {
  readonly address: ListenAddress;
  /** From now on connections are closed after the answer that is under way on them. */
  startDraining(): void;
  /** Stops accepting, waits for what is under way up to `graceMs`, cuts the rest. */
  stop(graceMs: number): Promise<void>;
}

export interface ProxyServerOptions {
  readonly address: ListenAddress;
  /** With it the port speaks TLS and asks every peer for a certificate of the same authority. */
  readonly tls?: WatchedFile<TlsMaterial>;
  readonly makeExchange: (caller: Caller) => Exchange;
  /** Paths that are answered beside the pipeline: they are no user's requests. */
  readonly sidePaths?: Readonly<Record<string, (caller: Caller) => void>>;
  /** Monotonic milliseconds; for deadlines. */
  readonly now: () => number;
}

const overdueSweepMs = 250;

/**
 * Starts the server.
 *
 * @throws AppError as `listen` does.
 */
export async function startProxyServer(options: ProxyServerOptions): Promise<ProxyServer> {
  const live = new Set<Exchange>();
  const connections = new Set<Http1Connection>();
  const host = makeHost(options, live, connections);
  const accept = (socket: Socket): void => {
    connections.add(new Http1Connection(host, socket, peerOf(socket)));
  };
  const server = options.tls === undefined ? makePlainServer(accept) : makeTlsServer(options.tls, accept);
  const sockets = followSockets(server);
  const sweep = setInterval(() => expireOverdue(live, connections, options.now()), overdueSweepMs).unref();
  const address = await listen(server, options.address);
  return {
    address,
    startDraining: () => {
      host.draining = true;
    },
    stop: async (graceMs) => {
      host.draining = true;
      await closeGracefully(server, connections, sockets, graceMs);
      clearInterval(sweep);
    },
  };
}

/** Returns the set of all open sockets, those too whose TLS handshake is not done. */
function followSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

const makePlainServer = (accept: (socket: Socket) => void): Server =>
  createServer({ noDelay: true, keepAlive: true }, accept);

function makeHost(
  { makeExchange, sidePaths = {}, now }: ProxyServerOptions,
  live: Set<Exchange>,
  connections: Set<Http1Connection>,
): ConnectionHost & { draining: boolean } {
  return {
    now,
    draining: false,
    serve: (caller) => {
      const { target } = caller.head;
      const side = Object.hasOwn(sidePaths, target) ? sidePaths[target] : undefined;
      if (side !== undefined) {
        side(caller);
        return;
      }
      const exchange = makeExchange(caller);
      exchange.live = live;
      live.add(exchange);
      exchange.proceed();
    },
    onClosed: (connection) => connections.delete(connection),
  };
}

/** One coarse timer for everybody: a timer for each would cost each. */
function expireOverdue(
  live: ReadonlySet<Exchange>,
  connections: ReadonlySet<Http1Connection>,
  now: number,
): void {
  for (const exchange of live) {
    if (exchange.deadline <= now) exchange.expire();
  }
  for (const connection of connections) {
    if (connection.deadline <= now) connection.expire();
  }
}

/** Closes what is idle now, the rest after its answer, and cuts what is open after `graceMs`. */
async function closeGracefully(
  server: Server,
  connections: ReadonlySet<Http1Connection>,
  sockets: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const connection of connections) connection.endIfIdle();
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await closed;
  clearTimeout(cut);
}
