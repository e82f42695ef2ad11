/** Owns ports of 127.0.0.1 for runs that need one of their own. */
import { createServer } from 'node:http';
import { closeGracefully, listen } from '../../platform/listener.ts';

/** Listens on a port that nobody else uses until `release` is called. */
export async function occupyPort(): Promise<{
  readonly port: number;
  readonly release: () => Promise<void>;
}> {
  const server = createServer();
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  return { port, release: () => closeGracefully(server, 0) };
}
