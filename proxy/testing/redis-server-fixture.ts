/** Owns a real Redis or Valkey server on loopback, for tests of what runs in it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Redis } from 'ioredis';

export interface RedisServer {
  readonly port: number;
  /** Plain, without a password; for the test's own looks at it. */
  readonly admin: Redis;
  /** Stops it in its tracks: connections stay open, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Ends it; `start` brings another one to the same port, which knows nothing. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Returns the path of a server; undefined where none is installed. */
export function findRedisServer(): string | undefined {
  const places = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/bin',
    '/usr/local/bin',
    '/opt/homebrew/bin',
  ];
  return ['valkey-server', 'redis-server']
    .flatMap((program) => places.map((place) => join(place, program)))
    .find((path) => existsSync(path));
}

/** Starts a server on a plain port; `more` are further arguments. */
export async function startRedisServer(more: readonly string[] = []): Promise<RedisServer> {
  const program = findRedisServer();
  if (program === undefined) {
    throw new Error(
      'a Redis or Valkey server is missing: apt-get install -y redis-server (or brew install valkey)',
    );
  }
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-redis-'));
  const port = await freePort();
  const usual = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory];
  const launch = async (): Promise<ReturnType<typeof spawn>> => {
    const started = spawn(program, ['--port', String(port), ...usual, ...more], { stdio: 'ignore' });
    await until(async () => {
      const probe = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null });
      probe.on('error', () => undefined);
      return probe.connect().then(
        () => probe.disconnect(),
        () => Promise.reject(new Error('it does not listen yet')),
      );
    });
    return started;
  };
  let server = await launch();
  const admin = new Redis({ host: '127.0.0.1', port, lazyConnect: true, maxRetriesPerRequest: null });
  admin.on('error', () => undefined);
  const end = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  };
  return {
    port,
    admin,
    freeze: () => server.kill('SIGSTOP'),
    thaw: () => server.kill('SIGCONT'),
    kill: end,
    start: async () => {
      server = await launch();
    },
    stop: async () => {
      admin.disconnect();
      await end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function until(attempt: () => Promise<void>): Promise<void> {
  for (let left = 200; ; left -= 1) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

/** Returns a port that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
