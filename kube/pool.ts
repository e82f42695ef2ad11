/** Owns the connection pool to one API server: its TLS material and how dead peers are found. */
import { Pool } from 'undici';
import type { ClusterTls } from './credentials.ts';

/**
 * Returns a pool that connects to `origin` with `tls`. A Pool, not an Agent: there is one origin only, and an Agent that is
 * closing can no longer be destroyed, so a watch on it could not be cut (undici 8.12).
 * HTTP/1.1 on purpose: every watch has its own socket, so one stalled stream
 * holds up no other, and TCP keepalive finds a dead peer. undici's own header and body timeouts are off because a
 * quiet watch is healthy; each request brings its deadline.
 */
export function makePool(origin: string, tls: ClusterTls): Pool {
  return new Pool(origin, {
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
    connect: { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 },
  });
}
