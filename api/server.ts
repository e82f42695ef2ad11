/** Owns the port of the REST application: TLS, and that gateways alone are answered. */
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { RequestListener } from 'node:http';
import { closeGracefully, listen } from '../platform/listener.ts';
import type { ListenAddress } from '../platform/listener.ts';
import type { Logger } from '../platform/logging.ts';
import { identitiesOf } from '../platform/tls/identity.ts';
import { modernTls } from '../platform/tls/modern.ts';
import type { TlsMaterial } from '../platform/tls/tls-material.ts';
import type { WatchedFile } from '../platform/watched-file.ts';

export interface ApiServer {
  readonly address: ListenAddress;
  /** Stops accepting, waits for what is under way up to `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** Longer than gateways keep idle connections, so that it is they who close first. */
const keepAliveMs = 75_000;

/**
 * Starts the server. `gatewayIdentity` is the identity that a peer must prove.
 *
 * @throws AppError as `listen` does.
 */
export async function startServer(options: {
  readonly address: ListenAddress;
  readonly tls: WatchedFile<TlsMaterial>;
  readonly gatewayIdentity: string;
  readonly app: RequestListener;
  readonly log: Logger;
}): Promise<ApiServer> {
  const { tls, gatewayIdentity, log } = options;
  const secure = ({ cert, key, ca }: TlsMaterial) => ({ ...modernTls, cert, key, ca });
  const server: Server = createServer(
    {
      ...secure(tls.current),
      requestCert: true,
      rejectUnauthorized: true,
      keepAliveTimeout: keepAliveMs,
      requestTimeout: 60_000,
      headersTimeout: 30_000,
    },
    options.app,
  );
  tls.onChange((files) => server.setSecureContext(secure(files)));
  server.on('secureConnection', (socket: TLSSocket) => {
    const identities = identitiesOf(socket.getPeerCertificate());
    if (identities.includes(gatewayIdentity)) return;
    log.warn({ identities }, 'a peer that is no gateway was turned away');
    socket.destroy();
  });
  const address = await listen(server, options.address);
  return { address, stop: (graceMs) => closeGracefully(server, graceMs) };
}
