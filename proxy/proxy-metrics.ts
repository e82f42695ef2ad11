/** Owns the metrics that both proxies have about requests, with labels bounded by what is configured. */
import { Counter, Histogram } from 'prom-client';
import type { Registry } from '../platform/metrics.ts';

export interface ProxyMetrics {
  readonly requests: Counter<'endpoint' | 'served_entity' | 'code'>;
  readonly seconds: Histogram<'endpoint' | 'served_entity'>;
  readonly refused: Counter<'endpoint' | 'reason'>;
}

/** Label value of requests that came to no endpoint that exists: what callers make up must not become labels. */
export const noEndpoint = '_none';

/** Returns the metrics, registered on `registry`. */
export function makeProxyMetrics(registry: Registry): ProxyMetrics {
  const registers = [registry];
  return {
    requests: new Counter({
      name: 'fairlead_proxy_requests_total',
      help: 'Requests answered, by endpoint, served entity and status; 499: the caller went away first.',
      labelNames: ['endpoint', 'served_entity', 'code'],
      registers,
    }),
    seconds: new Histogram({
      name: 'fairlead_proxy_request_duration_seconds',
      help: 'Time from the head of a request to the end of its answer.',
      labelNames: ['endpoint', 'served_entity'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    }),
    refused: new Counter({
      name: 'fairlead_proxy_dropped_total',
      help: 'Requests that the proxy refused itself, by reason.',
      labelNames: ['endpoint', 'reason'],
      registers,
    }),
  };
}
