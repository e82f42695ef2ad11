/** Owns ports of 127.0.0.1 for runs that need one of their own. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { closeGracefully, listen } from '../../platform/listener.ts';
import { adminPortOf, directPortOf } from '../../quickstart/settings.ts';

/** With all ports of a gateway below those that systems give to outgoing connections (Linux: from 32768 on). */
const lowest = 15_000;
const count = 7_000;
const mostTries = 50;

/**
 * Listens on a port that nobody else uses until `release` is called; the other ports of a gateway there are free as well.
 *
 * @throws AppError as `listen` does, when all tries were in vain.
 */
export async function occupyPort(): Promise<{
  readonly port: number;
  readonly release: () => Promise<void>;
}> {
  for (let tries = 1; ; tries += 1) {
    const port = lowest + Math.floor(Math.random() * count);
    try {
      for (const other of [adminPortOf(port), directPortOf(port)]) await release(await occupy(other));
      const server = await occupy(port);
      return { port, release: () => release(server) };
    } catch (error) {
      if (tries === mostTries) throw error;
    }
  }
}

async function occupy(port: number): Promise<Server> {
  const server = createServer();
  await listen(server, { host: '127.0.0.1', port });
  return server;
}

const release = (server: Server): Promise<void> => closeGracefully(server, 0);
