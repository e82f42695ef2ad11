/** Owns the connection to the store: made in the background, given up when it is too slow, made anew after a pause. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import type { Cluster, Redis } from 'ioredis';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import type { LimitStoreConfig } from './config.ts';

export type StoreClient = Redis | Cluster;

export interface StoreConnectionOptions {
  readonly config: LimitStoreConfig;
  readonly log: Logger;
  /** The store is there (again). */
  readonly onUp: () => void;
  /** It is away; not called for a connection that is ended by `stop`. */
  readonly onDown: () => void;
}

const firstPauseMs = 250;
const longestPauseMs = 5_000;

export class StoreConnection {
  readonly #options: StoreConnectionOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #connecting: StoreClient | undefined;
  #client: StoreClient | undefined;
  #isWarned = false;

  constructor(options: StoreConnectionOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** The store, while it is there. */
  get client(): StoreClient | undefined {
    return this.#client;
  }

  /** Gives the connection up; another one is made after a pause. */
  drop(reason: string): void {
    if (this.#client === undefined) return;
    this.#warn(reason);
    this.#leave(this.#client);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#connecting?.disconnect();
    if (this.#client !== undefined) this.#leave(this.#client);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      try {
        await this.#useOne(() => (pauseMs = firstPauseMs));
        this.#warn('the connection has ended');
      } catch (error) {
        this.#warn(messageOf(error));
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    }
  }

  /** Connects, and returns when that connection is over. */
  async #useOne(onUp: () => void): Promise<void> {
    const { config, log } = this.#options;
    const client = await makeClient(config);
    const over = new Promise((resolve) => client.once('end', resolve));
    // What goes wrong with it is told by the calls that fail, and by its end.
    client.on('error', () => undefined);
    this.#connecting = client;
    try {
      const answers = client.connect().then(() => client.ping());
      // Whatever comes later of it, somebody else is connected by then.
      answers.catch(() => undefined);
      await Promise.race([withinMs(answers, config.connectTimeoutMs), endedEarly(over)]);
    } catch (error) {
      client.disconnect();
      throw error;
    } finally {
      this.#connecting = undefined;
    }
    if (this.#stopping.signal.aborted) {
      client.disconnect();
      return;
    }
    this.#client = client;
    if (this.#isWarned) log.info('the limit store is there again');
    this.#isWarned = false;
    onUp();
    this.#options.onUp();
    await over;
    if (this.#client === client) this.#goWithout();
  }

  #leave(client: StoreClient): void {
    this.#goWithout();
    client.disconnect();
  }

  #goWithout(): void {
    this.#client = undefined;
    if (!this.#stopping.signal.aborted) this.#options.onDown();
  }

  /** Once for each time that it is away. */
  #warn(cause: string): void {
    if (this.#isWarned || this.#stopping.signal.aborted) return;
    this.#isWarned = true;
    this.#options.log.warn({ cause }, 'the limit store is away: limits are counted by shares');
  }
}

/** Loaded only here: a gateway without a store does without all of it. */
async function makeClient(config: LimitStoreConfig): Promise<StoreClient> {
  // In a bundle a CommonJS package has no other exports than this one.
  const { default: ioredis } = await import('ioredis');
  const url = new URL(config.url);
  const address = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6379) };
  const access = {
    ...(await credentialsOf(config)),
    ...(url.protocol === 'rediss:' ? { tls: await tlsOf(config, address.host) } : {}),
    connectTimeout: config.connectTimeoutMs,
  };
  // Nobody waits for a store that is away: what cannot be sent fails at once, and who reconnects is up to us.
  const impatience = { lazyConnect: true, enableOfflineQueue: false };
  if (config.cluster) {
    return new ioredis.Cluster([address], {
      ...impatience,
      redisOptions: access,
      clusterRetryStrategy: () => null,
      // A command that is redirected once has found its node.
      maxRedirections: 2,
    });
  }
  return new ioredis.Redis({
    ...{ ...address, ...access, ...impatience },
    db: Number(url.pathname.slice(1) || 0),
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    enableReadyCheck: false,
  });
}

interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

async function credentialsOf({ username, passwordFile }: LimitStoreConfig): Promise<Credentials> {
  const password = passwordFile === undefined ? undefined : (await readFile(passwordFile, 'utf8')).trimEnd();
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

async function tlsOf({ caFile }: LimitStoreConfig, host: string): Promise<ConnectionOptions> {
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
  // Addresses are no names that a server could be asked for (RFC 6066 §3).
  const name = isIP(host) === 0 ? { servername: host } : {};
  return { ...name, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) };
}

/** A cluster of which no node can be used ends, and says nothing to who connects. */
async function endedEarly(over: Promise<unknown>): Promise<never> {
  await over;
  throw new Error('the connection has ended before it could be used');
}

async function withinMs(work: Promise<unknown>, milliseconds: number): Promise<void> {
  const over = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: over.signal }).then(() => {
    throw new Error(`the store does not answer within ${milliseconds} ms`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    over.abort();
    await late.catch(() => undefined);
  }
}
