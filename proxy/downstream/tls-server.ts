/** Owns the TLS of a port that serves proxies or users: which versions and certificates, and their change while it serves. */
import { createServer } from 'node:tls';
import type { Server, TLSSocket, TlsOptions } from 'node:tls';
import type { WatchedFile } from '../../platform/watched-file.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';

/** Returns a server that asks every peer for a certificate of the same authority. */
export function makeTlsServer(
  tls: WatchedFile<TlsMaterial>,
  handshakeMs: number,
  onSecure: (socket: TLSSocket) => void,
): Server {
  const secure = ({ cert, key, ca }: TlsMaterial): TlsOptions => ({
    cert,
    key,
    ca,
    minVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: true,
  });
  const server = createServer(
    {
      ...secure(tls.current),
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: handshakeMs,
      noDelay: true,
      keepAlive: true,
    },
    onSecure,
  );
  // Node leaves a connection open whose handshake has failed, or never ends.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  // Connections that stand keep their certificate; new ones get the new one.
  tls.onChange((material) => server.setSecureContext(secure(material)));
  return server;
}
