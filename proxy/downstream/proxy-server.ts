/** Owns a port that takes requests: its connections, their time limits, and how it lets go of them. */
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { listen } from '../../platform/listener.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import { refusals } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Caller } from './caller.ts';
import { usualLimits } from './connection-limits.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { Http1Connection } from './http1-connection.ts';
import type { ConnectionHost, ServedConnection } from './served-connection.ts';
import { peerOf } from './socket-peer.ts';
import { makeTlsServer } from './tls-server.ts';
import type { ClientCertificates, PortCertificate } from './tls-server.ts';

export interface ProxyServer {
  readonly address: ListenAddress;
  /** From now on connections are closed after the answer that is under way on them, tunnels after a while. */
  startDraining(): void;
  /** Stops accepting, waits for what is under way up to `graceMs`, tells the rest so and cuts it. */
  stop(graceMs: number): Promise<void>;
}

export interface ProxyServerOptions {
  readonly address: ListenAddress;
  /** With it the port speaks TLS. */
  readonly tls?: WatchedFile<PortCertificate>;
  /** Default: `required`. */
  readonly clientCertificates?: ClientCertificates;
  readonly makeExchange: (caller: Caller) => Exchange;
  /** Paths that are answered beside the pipeline: they are no user's requests. */
  readonly sidePaths?: Readonly<Record<string, (caller: Caller) => void>>;
  /** Where the usual ones do not fit. */
  readonly limits?: Partial<ConnectionLimits> | undefined;
  /** Monotonic milliseconds at which a drain began that may turn out to be none; undefined: there is none. */
  readonly drainingSince?: () => number | undefined;
  /** Monotonic milliseconds; for deadlines. */
  readonly now: () => number;
}

const sweepMs = 250;
/** For the words that a stream is cut with to reach its caller. */
const lastWordsMs = 1_000;

/**
 * Starts the server.
 *
 * @throws AppError as `listen` does.
 */
export async function startProxyServer(options: ProxyServerOptions): Promise<ProxyServer> {
  const { now } = options;
  const live = new Set<Exchange>();
  const connections = new Set<ServedConnection>();
  const host = makeHost(options, live, connections);
  const accept = (socket: Socket): void => {
    if (socket instanceof TLSSocket && socket.alpnProtocol === 'h2') host.takeHttp2(socket);
    else connections.add(new Http1Connection(host, socket, peerOf(socket)));
  };
  const server =
    options.tls === undefined
      ? makePlainServer(accept)
      : makeTlsServer(
          {
            certificate: options.tls,
            clients: options.clientCertificates ?? 'required',
            handshakeMs: host.limits.handshakeMs,
          },
          accept,
        );
  const sockets = followSockets(server);
  let wasDraining = false;
  const sweep = setInterval(() => {
    const since = host.drainingSince() ?? Number.POSITIVE_INFINITY;
    expireOverdue(live, now(), since + host.limits.tunnelDrainMs);
    lookAfter(connections, now());
    if (host.draining && !wasDraining) for (const connection of connections) connection.startDraining?.();
    wasDraining = host.draining;
  }, sweepMs).unref();
  const address = await listen(server, options.address);
  const startDraining = (): void => {
    const since = host.drainingSince() ?? now();
    host.drainingSince = () => since;
    for (const connection of connections) connection.startDraining?.();
    wasDraining = true;
  };
  return {
    address,
    startDraining,
    stop: async (graceMs) => {
      startDraining();
      await closeGracefully(server, { connections, live, sockets }, graceMs);
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

interface Host extends ConnectionHost {
  drainingSince: () => number | undefined;
  takeHttp2(socket: Socket, received?: Buffer): void;
}

function makeHost(
  { makeExchange, sidePaths = {}, limits, now, tls, drainingSince = () => undefined }: ProxyServerOptions,
  live: Set<Exchange>,
  connections: Set<ServedConnection>,
): Host {
  const host: Host = {
    now,
    limits: { ...usualLimits, ...limits },
    drainingSince,
    get draining() {
      return host.drainingSince() !== undefined;
    },
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
    takeHttp2: (socket, received) => {
      const onError = (): void => void socket.destroy();
      socket.once('error', onError).pause();
      if (received !== undefined) socket.unshift(received);
      // Loaded by the first who speaks it: it costs memory, and many a proxy never meets it.
      void import('./http2-connection.ts').then(({ Http2Connection }) => {
        if (socket.destroyed) return;
        socket.off('error', onError);
        connections.add(new Http2Connection(host, socket, peerOf(socket)));
      });
    },
    // Over TLS the two agree on a protocol in the handshake (RFC 9113 §3.2), and on none other afterwards.
    mayTurnHttp2: tls === undefined,
    onClosed: (connection) => connections.delete(connection),
  };
  return host;
}

/** One coarse timer for everybody: a timer for each would cost each. */
function expireOverdue(live: ReadonlySet<Exchange>, now: number, tunnelsEnd: number): void {
  for (const exchange of live) {
    if (exchange.deadline <= now) exchange.expire();
    else if (exchange.isTunnel && tunnelsEnd <= now) exchange.onBroken(refusals.shuttingDown);
  }
}

function lookAfter(connections: ReadonlySet<ServedConnection>, now: number): void {
  for (const connection of connections) {
    if (connection.deadline <= now) connection.expire();
    connection.inspect?.();
  }
}

/** Closes what is idle now, the rest after its answer; what is open after `graceMs` is told so, and cut. */
async function closeGracefully(
  server: Server,
  open: {
    readonly connections: ReadonlySet<ServedConnection>;
    readonly live: ReadonlySet<Exchange>;
    readonly sockets: ReadonlySet<Socket>;
  },
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const connection of open.connections) connection.letGo();
  const cut = setTimeout(() => {
    for (const exchange of open.live) exchange.onBroken(refusals.shuttingDown);
  }, graceMs);
  const destroy = setTimeout(() => {
    for (const socket of open.sockets) socket.destroy();
  }, graceMs + lastWordsMs);
  await closed;
  clearTimeout(cut);
  clearTimeout(destroy);
}
