/** Owns a real API server for tests: on loopback, on a directory of its own, with a client that speaks plain HTTP. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { makeLogger } from '../../../platform/logging.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import { startApiServer } from '../server.ts';
import type { ApiServer, ApiServerOptions } from '../server.ts';

export interface Answer {
  readonly status: number;
  readonly body: JsonObject & KubeObject & { readonly message?: string; readonly reason?: string };
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** Default: the admin's; null sends none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiFixture {
  readonly api: ApiServer;
  readonly stateDir: string;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Returns the events of a watch one by one; `stop` ends it. */
  watch(path: string): Promise<WatchReader>;
  /** Stops the server and starts one on the same directory. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface WatchReader {
  readonly status: number;
  next(): Promise<{ readonly type: string; readonly object: JsonObject & KubeObject }>;
  /** Whether the stream has ended. */
  ended(): Promise<boolean>;
  stop(): void;
}

export async function startApiFixture(
  options: Partial<Omit<ApiServerOptions, 'stateDir'>> = {},
): Promise<ApiFixture> {
  const stateDir = await mkdtemp(join(tmpdir(), 'fairlead-apiserver-'));
  const start = (): Promise<ApiServer> =>
    startApiServer({
      stateDir,
      address: { host: '127.0.0.1', port: 0 },
      log: makeLogger({ process: 'test', level: 'silent' }),
      ...options,
    });
  let api = await start();
  let agent = new Agent({ connect: { ca: api.caPem } });
  return {
    get api() {
      return api;
    },
    stateDir,
    call: (method, path, callOptions = {}) => call(api, agent, { method, path, ...callOptions }),
    watch: (path) => openWatch(api, agent, path),
    restart: async () => {
      await agent.destroy();
      await api.stop();
      api = await start();
      agent = new Agent({ connect: { ca: api.caPem } });
    },
    stop: async () => {
      await agent.destroy();
      await api.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

async function call(
  api: ApiServer,
  agent: Agent,
  options: CallOptions & { readonly method: string; readonly path: string },
): Promise<Answer> {
  const { method, path, body, token = api.adminToken } = options;
  const contentType = options.contentType ?? 'application/json';
  const answer = await request(`${api.url}${path}`, {
    method: method as 'GET',
    dispatcher: agent,
    headers: {
      'user-agent': 'test/1',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': contentType }),
      ...(options.accept === undefined ? {} : { accept: options.accept }),
      ...options.headers,
    },
    ...(body === undefined
      ? {}
      : { body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
  });
  const text = await answer.body.text();
  const isJson = String(answer.headers['content-type']).startsWith('application/json');
  return {
    status: answer.statusCode,
    body: (isJson && text !== '' ? JSON.parse(text) : {}) as Answer['body'],
    headers: answer.headers,
    text,
  };
}

async function openWatch(api: ApiServer, agent: Agent, path: string): Promise<WatchReader> {
  const abort = new AbortController();
  const answer = await request(`${api.url}${path}`, {
    dispatcher: agent,
    signal: abort.signal,
    headers: { authorization: `Bearer ${api.adminToken}` },
  });
  const lines = linesOf(answer.body);
  return {
    status: answer.statusCode,
    next: async () => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the watch has ended');
      return JSON.parse(value) as Awaited<ReturnType<WatchReader['next']>>;
    },
    ended: async () => (await lines.next()).done === true,
    stop: () => abort.abort(),
  };
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string, undefined> {
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + chunk.toString('utf8')).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  return undefined;
}

/** Resolves once `check` returns something; fails after a while. */
export async function eventually<T>(check: () => T | undefined): Promise<T> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const value = check();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('what the test waits for did not happen');
}
