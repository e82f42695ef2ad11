/** Owns the wire to one cluster: its connections, credentials, deadlines and retries, and what a failure is called. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher, Pool } from 'undici';
import { systemClock } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError, systemCodeOf } from '../platform/errors.ts';
import { parseRefusal } from './api-error.ts';
import type { ClusterAccess, ClusterTls } from './credentials.ts';
import { startDeadline } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import type { KubeMetrics } from './kube-metrics.ts';
import { makePool } from './pool.ts';
import { answerLabelOf, connectionError, isConnectionFailure, malformedAnswer } from './transport-error.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type QueryValue = string | number | boolean | undefined;

export interface KubeRequest {
  readonly method: Method;
  /** Absolute path below the cluster's base URL, already encoded. */
  readonly path: string;
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** Whether it may be sent again after its connection failed, whatever became of the first one; a GET always may. */
  readonly repeatable?: boolean;
  readonly accept?: string;
  /** For the whole answer; for `stream`, until its headers. Default 30 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called right before bytes are sent; what it throws keeps the request from being sent. */
  readonly guard?: (() => void) | undefined;
}

export interface TransportOptions {
  readonly access: ClusterAccess;
  /** `fairlead-operator/0.1.0`, say. */
  readonly userAgent: string;
  readonly metrics?: KubeMetrics;
  readonly clock?: Clock;
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 30_000;
/** A read that met a closed or refused connection is sent again after these; writes are only where their caller says so. */
const readRetryDelaysMs = [100, 400];

/**
 * One per cluster and process: all requests share one connection pool, which is replaced only when the CA or the
 * client certificate changes.
 */
export class KubeTransport {
  readonly access: ClusterAccess;
  readonly #options: TransportOptions;
  readonly #metrics: KubeMetrics;
  readonly #clock: Clock;
  readonly #pools = new Set<Pool>();
  readonly #origin: string;
  readonly #prefix: string;
  #current: { readonly pool: Pool; readonly tls: ClusterTls } | undefined;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.access = options.access;
    this.#metrics = options.metrics ?? makeKubeMetrics();
    this.#clock = options.clock ?? systemClock;
    const url = new URL(options.access.baseUrl);
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/$/, '');
  }

  /**
   * Returns the answer's JSON. A 401 makes it read the credentials anew and ask once more; a GET, or what else
   * is `repeatable`, is asked up to three times when its connection fails.
   *
   * @throws ApiError when the server refuses; AppError `KUBE_UNREACHABLE`, `KUBE_TIMEOUT`, `KUBE_ABORTED`,
   * `KUBE_MALFORMED_ANSWER`, `KUBE_CREDENTIALS_UNREADABLE`, or what `request.guard` throws.
   */
  async request<Answer>(request: KubeRequest): Promise<Answer> {
    const text = await this.requestText(request);
    try {
      return JSON.parse(text) as Answer;
    } catch (error) {
      throw malformedAnswer(request, error);
    }
  }

  /** Returns the answer as text (pod logs, say); otherwise as `request`. */
  async requestText(request: KubeRequest): Promise<string> {
    return this.#timed(request, (deadline) =>
      this.#retried(request, deadline, (response) => response.body.text()),
    );
  }

  /**
   * Returns the bytes of an answer as they come (a watch, a followed log). `timeoutMs` ends the wait for the headers
   * only; after that the caller's `signal` alone ends the stream.
   */
  async stream(request: KubeRequest): Promise<AsyncIterable<Uint8Array>> {
    return this.#timed(request, (deadline) =>
      this.#retried(request, deadline, (response) => Promise.resolve(response.body)),
    );
  }

  /** Cuts every connection, open watches too. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#pools].map((pool) => pool.destroy()));
  }

  async #timed<Value>(request: KubeRequest, ask: (deadline: Deadline) => Promise<Value>): Promise<Value> {
    const startedAt = this.#clock.monotonic();
    const deadline = startDeadline(
      request.timeoutMs ?? this.#options.timeoutMs ?? defaultTimeoutMs,
      request.signal,
    );
    try {
      const value = await ask(deadline);
      this.#metrics.requests.inc({ method: request.method, answer: '2xx' });
      return value;
    } catch (error) {
      this.#metrics.requests.inc({ method: request.method, answer: answerLabelOf(error) });
      throw error;
    } finally {
      deadline.clear();
      const tookSeconds = (this.#clock.monotonic() - startedAt) / 1000;
      this.#metrics.requestSeconds.observe({ method: request.method }, tookSeconds);
    }
  }

  async #retried<Value>(
    request: KubeRequest,
    deadline: Deadline,
    read: (response: Dispatcher.ResponseData) => Promise<Value>,
  ): Promise<Value> {
    const delays = request.method === 'GET' || request.repeatable === true ? readRetryDelaysMs : [];
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await read(await this.#authenticated(request, deadline));
      } catch (error) {
        if (error instanceof AppError) throw error;
        // Without a code it is no failure of the network but of a guard, or of a body that JSON cannot hold.
        if (systemCodeOf(error) === undefined && !deadline.signal.aborted) throw error;
        const delay = delays[attempt];
        if (delay === undefined || deadline.signal.aborted || !isConnectionFailure(error)) {
          throw connectionError(request, this.#origin, deadline, error);
        }
        // Half to whole of the delay, so that clients cut off together do not come back together.
        await sleep(delay * (0.5 + Math.random() / 2), undefined, { signal: deadline.signal }).catch(
          (aborted: unknown) => {
            throw connectionError(request, this.#origin, deadline, aborted);
          },
        );
      }
    }
  }

  async #authenticated(request: KubeRequest, deadline: Deadline): Promise<Dispatcher.ResponseData> {
    const first = await this.#send(request, deadline);
    if (first.statusCode !== 401) return this.#accepted(request, first);
    await first.body.dump();
    this.access.invalidate();
    return this.#accepted(request, await this.#send(request, deadline));
  }

  async #accepted(request: KubeRequest, response: Dispatcher.ResponseData): Promise<Dispatcher.ResponseData> {
    if (response.statusCode < 300) return response;
    const retryAfter = response.headers['retry-after'];
    throw parseRefusal({
      request: `${request.method} ${request.path}`,
      status: response.statusCode,
      body: await response.body.text(),
      retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
      now: this.#clock.now(),
    });
  }

  async #send(request: KubeRequest, deadline: Deadline): Promise<Dispatcher.ResponseData> {
    const { tls, headers } = await this.access.credentials();
    const pool = this.#poolFor(tls);
    const hasBody = request.body !== undefined;
    request.guard?.();
    return pool.request({
      path: `${this.#prefix}${request.path}${queryText(request.query ?? {})}`,
      method: request.method,
      headers: {
        ...headers,
        accept: request.accept ?? 'application/json',
        'user-agent': this.#options.userAgent,
        ...(hasBody ? { 'content-type': request.contentType ?? 'application/json' } : {}),
      },
      body: hasBody ? JSON.stringify(request.body) : null,
      signal: deadline.signal,
    });
  }

  #poolFor(tls: ClusterTls): Pool {
    if (this.#closed) {
      throw new AppError('KUBE_ABORTED', 'the connection to the Kubernetes API was closed by this process');
    }
    if (this.#current?.tls === tls) return this.#current.pool;
    const retired = this.#current?.pool;
    const pool = makePool(this.#origin, tls);
    this.#current = { pool, tls };
    this.#pools.add(pool);
    // What is under way (watches too) ends in its own time on the old connections.
    if (retired !== undefined) void retired.close().then(() => this.#pools.delete(retired));
    return pool;
  }
}

function queryText(query: Readonly<Record<string, QueryValue>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}
