/** Owns what the gateway passes on to the api process, so that one host serves everything: which paths, and how. */
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import { serviceAccountIdentity } from '../../platform/tls/identity.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import { refusals } from '../errors.ts';
import type { Exchange, Pipeline } from '../exchange.ts';
import { makePipeline } from '../pipeline.ts';
import type { ProxyMetrics } from '../proxy-metrics.ts';
import { makeForward } from '../stages/forward/forward.ts';
import { makeObserve } from '../stages/observe/observe.ts';
import { makeRead } from '../stages/read/read.ts';
import { makeReceive } from '../stages/receive/receive.ts';
import type { Tracing } from '../tracing/start-tracer.ts';
import { Pool } from '../upstream/pool.ts';
import type { GatewayConfig } from './config.ts';

export interface ApiForwardingOptions {
  readonly config: GatewayConfig;
  readonly tls: WatchedFile<TlsMaterial>;
  readonly metrics: ProxyMetrics;
  readonly tracing: Tracing;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ApiForwarding {
  /** Whether a request for `target` (path and query) is for the api. */
  takes(target: string): boolean;
  readonly pipeline: Pipeline;
  stop(): void;
}

/** Paths of the api: these, or below these where they end in a slash. */
const paths: readonly string[] = ['/oidc/', '/.well-known/databricks-config'];
const methods: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The label of its requests in metrics; no endpoint can have it. */
const label = '_api';
/** Shorter than the api keeps idle connections. */
const idleMs = 60_000;
const timeouts = { connectMs: 2_000, firstByteMs: 60_000, idleMs: 60_000 };

/** Returns how requests for the api are passed on. It knows its callers itself, by what they show it. */
export function makeApiForwarding(options: ApiForwardingOptions): ApiForwarding {
  const { config, tls, metrics, tracing, clock, log } = options;
  const { hostname, port } = new URL(config.apiUrl);
  const identity = serviceAccountIdentity(config.trustDomain, config.systemNamespace, 'fairlead-api');
  const pool = new Pool({
    host: hostname,
    port: port === '' ? 443 : Number(port),
    tls: { secureContext: () => tls.current.secureContext, identity },
    idleMs,
    clock,
  });
  tls.onChange(() => pool.closeIdle());
  const pipeline = makePipeline<Exchange>(
    {
      receive: makeReceive({
        readPath: (exchange) => {
          exchange.endpointLabel = label;
          return undefined;
        },
        methods,
        maxBodyBytes: () => config.maxBodyBytes,
        totalMs: () => config.totalTimeoutMs,
      }),
      read: makeRead(),
      forward: makeForward({
        poolOf: () => pool,
        pathOf: (exchange) => exchange.caller.head.target,
        timeouts: () => timeouts,
        maxBodyBytes: () => config.maxBodyBytes,
        addRequestHeaders: ({ caller }, headers) => {
          if (caller.head.authorization !== undefined)
            headers.push('authorization', caller.head.authorization);
        },
        addAnswerHeaders: (exchange, headers) => headers.push('x-request-id', exchange.requestId),
        unreachable: refusals.apiUnreachable,
        onFailure: ({ requestId }, { error, kind }) => {
          log.warn({ requestId, code: error.code, kind, cause: error.message }, 'the api did not answer');
        },
      }),
      observe: makeObserve({
        metrics,
        log,
        tracer: () => tracing.current,
        settings: () => config.accessLog,
        random: Math.random,
        now: () => clock.monotonic(),
      }),
    },
    log,
  );
  return {
    takes: (target) =>
      paths.some((path) => (path.endsWith('/') ? target.startsWith(path) : isPath(target, path))),
    pipeline,
    stop: () => pool.destroy(),
  };
}

const isPath = (target: string, path: string): boolean =>
  target.startsWith(path) && (target.length === path.length || target[path.length] === '?');
