/** Owns the port that serves users: strict HTTP/1.1, limits against slow and oversized requests, TLS, and draining. */
import { createServer } from 'node:http';
import type { Server, ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { closeGracefully, listen } from '../platform/listener.ts';
import type { ListenAddress } from '../platform/listener.ts';
import type { WatchedFile } from '../platform/watched-file.ts';
import { refusalBody } from './errors.ts';
import { ProxyRequest, ProxyResponse } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import type { TlsMaterial } from './tls-material.ts';

type MakeExchange = (request: ProxyRequest, response: ProxyResponse) => Exchange;

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
  readonly makeExchange: MakeExchange;
  /** Paths that are answered beside the pipeline: they are no user's requests. */
  readonly sidePaths?: Readonly<Record<string, (request: ProxyRequest, response: ProxyResponse) => void>>;
  /** Monotonic milliseconds; for deadlines. */
  readonly now: () => number;
}

const serverOptions = {
  IncomingMessage: ProxyRequest,
  ServerResponse: ProxyResponse,
  insecureHTTPParser: false,
  requireHostHeader: true,
  maxHeaderSize: 32 * 1024,
  headersTimeout: 30_000,
  requestTimeout: 300_000,
  // Longer than the idle time of usual load balancers, so that it is they who close first.
  keepAliveTimeout: 75_000,
  noDelay: true,
  keepAlive: true,
} satisfies ServerOptions<typeof ProxyRequest, typeof ProxyResponse>;

const overdueSweepMs = 250;

/**
 * Starts the server.
 *
 * @throws AppError as `listen` does.
 */
export async function startProxyServer(options: ProxyServerOptions): Promise<ProxyServer> {
  const live = new Set<Exchange>();
  let draining = false;
  const serve = (request: ProxyRequest, response: ProxyResponse, expectsContinue: boolean): void => {
    if (draining) response.shouldKeepAlive = false;
    const side = options.sidePaths?.[request.url ?? ''];
    if (side !== undefined) {
      side(request, response);
      return;
    }
    const exchange = options.makeExchange(request, response);
    exchange.expectsContinue = expectsContinue;
    exchange.live = live;
    live.add(exchange);
    exchange.proceed();
  };
  const server = makeServer(options.tls);
  server.on('request', (request: ProxyRequest, response: ProxyResponse) => serve(request, response, false));
  server.on('checkContinue', (request: ProxyRequest, response: ProxyResponse) =>
    serve(request, response, true),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    answerClientError(error, socket, isAnswering(live, socket));
  });
  const sweep = setInterval(() => expireOverdue(live, options.now()), overdueSweepMs).unref();
  const address = await listen(server, options.address);
  return {
    address,
    startDraining: () => {
      draining = true;
    },
    stop: async (graceMs) => {
      draining = true;
      await closeGracefully(server, graceMs);
      clearInterval(sweep);
    },
  };
}

function makeServer(tls: WatchedFile<TlsMaterial> | undefined): Server {
  if (tls === undefined) return createServer(serverOptions);
  const secure = (material: TlsMaterial): object => ({
    cert: material.cert,
    key: material.key,
    ca: material.ca,
    minVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: true,
  });
  const server = createTlsServer({ ...serverOptions, ...secure(tls.current), ALPNProtocols: ['http/1.1'] });
  // Connections that stand keep their certificate; new ones get the new one.
  tls.onChange((material) => server.setSecureContext(secure(material)));
  return server;
}

/** One coarse timer for all exchanges: a timer for each would cost each. */
function expireOverdue(live: ReadonlySet<Exchange>, now: number): void {
  for (const exchange of live) {
    if (exchange.deadline <= now) exchange.expire();
  }
}

const clientErrors: Readonly<Record<string, readonly [string, string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'BAD_REQUEST', 'The headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'REQUEST_TIMEOUT', 'The request did not arrive in time.'],
};

/** Whether part of an answer has gone out on `socket` already: other words must not get into its middle. */
function isAnswering(live: ReadonlySet<Exchange>, socket: Socket): boolean {
  for (const { request, response } of live)
    if (request.socket === socket && response.headersSent) return true;
  return false;
}

/** What node's parser refuses never becomes a request; the caller gets the reason and the connection is closed. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket, answering: boolean): void {
  if (error.code === 'ECONNRESET' || !socket.writable || answering) {
    socket.destroy();
    return;
  }
  const [status, errorCode, message] = clientErrors[error.code ?? ''] ?? [
    '400 Bad Request',
    'BAD_REQUEST',
    'The request is not valid HTTP/1.1.',
  ];
  const body = refusalBody({ errorCode, message });
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  // A request whose body turned out to be no HTTP is under way still, and ends with its connection.
  socket.destroySoon();
}
