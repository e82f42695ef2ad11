/** Owns the life of a listening socket: start with a clear error, stop without cutting who is being answered. */
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { AppError, systemCodeOf } from './errors.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 lets the system choose; the chosen one is returned. */
  readonly port: number;
}

/**
 * Starts listening and returns the address in use.
 *
 * @throws AppError `LISTEN_ADDRESS_IN_USE`, `LISTEN_ADDRESS_REFUSED` with the remedy in the message.
 */
export async function listen(server: Server, address: ListenAddress): Promise<ListenAddress> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void => reject(listenError(error, address));
    server.once('error', onError);
    server.listen({ host: address.host, port: address.port }, () => {
      server.off('error', onError);
      resolve();
    });
  });
  const bound = server.address() as AddressInfo;
  return { host: bound.address, port: bound.port };
}

const idleSweepMs = 50;

/**
 * Stops accepting, closes idle connections, and waits for the others up to `graceMs`; what is open after that is cut.
 */
export async function closeGracefully(server: HttpServer, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // Node looks for idle connections once; those that are answered from now on would stay for their keep-alive time.
  const idle = setInterval(() => server.closeIdleConnections(), idleSweepMs);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(cut);
  clearInterval(idle);
}

function listenError(error: Error, address: ListenAddress): AppError {
  const where = `${address.host}:${address.port}`;
  const code = systemCodeOf(error);
  if (code === 'EADDRINUSE') {
    return new AppError(
      'LISTEN_ADDRESS_IN_USE',
      `cannot listen on ${where}: another process uses that port; stop it or choose another port`,
      {
        cause: error,
      },
    );
  }
  return new AppError('LISTEN_ADDRESS_REFUSED', `cannot listen on ${where}: ${error.message}`, {
    cause: error,
  });
}
