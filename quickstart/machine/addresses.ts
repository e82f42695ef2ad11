/** Owns the checks that the addresses a run needs can be listened on. */
import { createServer } from 'node:http';
import { AppError } from '../../platform/errors.ts';
import { closeGracefully, listen } from '../../platform/listener.ts';
import { adminPortOf } from '../settings.ts';

/**
 * Checks that the gateway can listen on `port` of 127.0.0.1.
 *
 * @throws AppError `PORT_IN_USE` or `PORT_REFUSED`, with the remedy.
 */
export async function checkPort(port: number): Promise<void> {
  try {
    await tryToListen('127.0.0.1', port);
  } catch (error) {
    if (error instanceof AppError && error.code === 'LISTEN_ADDRESS_IN_USE') {
      throw new AppError(
        'PORT_IN_USE',
        `port ${port} of 127.0.0.1 is in use by another process; stop that one, or choose another port: ` +
          anotherPort(port),
        { cause: error },
      );
    }
    throw new AppError(
      'PORT_REFUSED',
      `this user may not listen on port ${port} of 127.0.0.1; choose another: ${anotherPort(port)}`,
      { cause: error },
    );
  }
}

/** Not the port that was refused, nor one whose administration would be on it. */
const anotherPort = (port: number): string =>
  `FAIRLEAD_PORT=${port === 8081 || port === adminPortOf(8081) ? 8082 : 8081} npm start`;

/**
 * Checks that more of 127.0.0.0/8 than 127.0.0.1 can be listened on: every pod of the embedded cluster has an address
 * of its own there. Linux allows it; macOS knows 127.0.0.1 alone until told otherwise.
 *
 * @throws AppError `LOOPBACK_UNAVAILABLE` with the remedy.
 */
export async function checkLoopback(address = '127.64.0.1'): Promise<void> {
  try {
    await tryToListen(address, 0);
  } catch (error) {
    throw new AppError(
      'LOOPBACK_UNAVAILABLE',
      `this system cannot listen on ${address}, and the embedded cluster gives every pod a loopback address of its own; ` +
        'run the quickstart on Linux (WSL and a container do), or add the addresses by hand: sudo ifconfig lo0 alias <address>',
      { cause: error },
    );
  }
}

async function tryToListen(host: string, port: number): Promise<void> {
  const server = createServer();
  await listen(server, { host, port });
  await closeGracefully(server, 0);
}
