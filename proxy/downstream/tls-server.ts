/** Owns the TLS of a port that serves proxies or users: which versions and certificates, and their change while it serves. */
import { constants } from 'node:crypto';
import { createServer } from 'node:tls';
import type { Server, TLSSocket, TlsOptions } from 'node:tls';
import { modernTls } from '../../platform/tls/modern.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';

/** What a port shows, and whom it believes; without `ca` nobody's certificate is asked for. */
export interface PortCertificate {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

/** Whose certificates are asked for. `required`: who shows none of our authority is turned away in the handshake. */
export type ClientCertificates = 'required' | 'optional' | 'none';

export interface TlsServerOptions {
  readonly certificate: WatchedFile<PortCertificate>;
  readonly clients: ClientCertificates;
  readonly handshakeMs: number;
}

/** Returns a server whose connections that stand keep their certificate while new ones get the new one. */
export function makeTlsServer(
  { certificate, clients, handshakeMs }: TlsServerOptions,
  onSecure: (socket: TLSSocket) => void,
): Server {
  const server = createServer(
    {
      ...secure(certificate.current, clients),
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: handshakeMs,
      noDelay: true,
      keepAlive: true,
    },
    onSecure,
  );
  // Node leaves a connection open whose handshake has failed, or never ends.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  certificate.onChange((next) => server.setSecureContext(secure(next, clients)));
  return server;
}

function secure({ cert, key, ca }: PortCertificate, clients: ClientCertificates): TlsOptions {
  if (clients === 'none') return { ...modernTls, cert, key };
  return {
    ...modernTls,
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    requestCert: true,
    rejectUnauthorized: clients === 'required',
    // Who a peer is, is proven with every connection; proxies keep theirs, and have no use for taking up old ones.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}
