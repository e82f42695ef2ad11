/** Owns the connections to one address: kept alive and used again, newest first, and cut when their time is over. */
import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { systemClock } from '../../platform/clock.ts';
import type { Clock } from '../../platform/clock.ts';
import { acceptOnlyIdentity } from '../../platform/tls/identity.ts';
import { Connection } from './connection.ts';
import type { ConnectionOwner } from './connection.ts';
import { Http2Upstream } from './http2-upstream.ts';
import type {
  PhaseTimeouts,
  Upstream,
  UpstreamCall,
  UpstreamHandler,
  UpstreamRequest,
} from './upstream-request.ts';

/** How a pool proves who it is, and whom it accepts at the other end. */
export interface UpstreamTls {
  /** Asked for each new connection, so that a renewed certificate is used from then on. */
  readonly secureContext: () => SecureContext;
  /** The SPIFFE identity that the peer must prove; its address says nothing. */
  readonly identity: string;
}

export interface PoolOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: UpstreamTls | undefined;
  /** How long a connection may lie idle; the other side's Keep-Alive hint shortens it. */
  readonly idleMs: number;
  readonly clock?: Clock;
}

const sweepMs = 250;
/** The other side may close a moment before the time that it announced; stay clear of that. */
const idleMarginMs = 1_000;

export class Pool implements ConnectionOwner, Upstream {
  readonly clock: Clock;
  readonly authority: string;
  readonly #options: PoolOptions;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  readonly #checkServerIdentity: ReturnType<typeof acceptOnlyIdentity> | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #retired = false;
  #http2: Http2Upstream | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.clock = options.clock ?? systemClock;
    const host = options.host.includes(':') ? `[${options.host}]` : options.host;
    this.authority = `${host}:${options.port}`;
    this.#checkServerIdentity =
      options.tls === undefined ? undefined : acceptOnlyIdentity(options.tls.identity);
  }

  /** Sends `request` on an idle connection or on a new one; `fresh` asks for a new one. */
  send(
    request: UpstreamRequest,
    handler: UpstreamHandler,
    timeouts: PhaseTimeouts,
    fresh = false,
  ): UpstreamCall {
    const connection = (fresh ? undefined : this.#takeIdle()) ?? this.#open();
    connection.send(request, handler, timeouts);
    return connection;
  }

  /** The same address over HTTP/2, for gRPC. */
  get http2(): Http2Upstream {
    const { authority, clock } = this;
    const { tls, idleMs } = this.#options;
    const scheme = tls === undefined ? 'http' : 'https';
    this.#http2 ??= new Http2Upstream({
      authority,
      scheme,
      idleMs,
      clock,
      connect: () => this.#openSocket('h2').setNoDelay(true),
    });
    return this.#http2;
  }

  /** Cuts idle connections: what comes next opens new ones. */
  closeIdle(): void {
    this.#http2?.closeIdle();
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** Cuts idle connections now and busy ones as they become idle; new requests still get (unshared) connections. */
  retire(): void {
    this.#retired = true;
    this.closeIdle();
  }

  /** Cuts everything: requests under way fail. */
  destroy(): void {
    this.retire();
    this.#http2?.destroy();
    for (const connection of [...this.#all]) connection.cut();
  }

  onIdle(connection: Connection): void {
    const hint = connection.idleTimeoutMs;
    const idleMs =
      hint === undefined ? this.#options.idleMs : Math.min(this.#options.idleMs, hint - idleMarginMs);
    if (this.#retired || idleMs <= 0) {
      connection.destroy();
      return;
    }
    connection.deadline = this.clock.monotonic() + idleMs;
    this.#idle.push(connection);
  }

  onClosed(connection: Connection): void {
    this.#all.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index !== -1) this.#idle.splice(index, 1);
    if (this.#all.size === 0) {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
    }
  }

  #takeIdle(): Connection | undefined {
    const now = this.clock.monotonic();
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || (!connection.closed && connection.deadline > now)) return connection;
      connection.destroy();
    }
  }

  #open(): Connection {
    const connection = new Connection(
      this,
      this.#openSocket('http/1.1'),
      this.#options.tls === undefined ? 'connect' : 'secureConnect',
    );
    this.#all.add(connection);
    // One coarse timer for all connections: timers of their own would cost each request two of them.
    this.#sweep ??= setInterval(() => this.#expireOverdue(), sweepMs).unref();
    return connection;
  }

  #openSocket(protocol: 'http/1.1' | 'h2'): Socket {
    const { host, port, tls } = this.#options;
    if (tls === undefined || this.#checkServerIdentity === undefined) return connectPlain({ host, port });
    return connectTls({
      host,
      port,
      secureContext: tls.secureContext(),
      checkServerIdentity: this.#checkServerIdentity,
      ALPNProtocols: [protocol],
    });
  }

  #expireOverdue(): void {
    const now = this.clock.monotonic();
    for (const connection of this.#all) {
      if (connection.deadline <= now) connection.expire();
    }
  }
}
