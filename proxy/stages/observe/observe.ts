/** Owns what remains of a request: metrics, and a line in the access log at debug level, without tokens or bodies. */
import type { Logger } from '../../../platform/logging.ts';
import type { Exchange, Stage } from '../../exchange.ts';
import { noEndpoint } from '../../proxy-metrics.ts';
import type { ProxyMetrics } from '../../proxy-metrics.ts';

export interface ObserveOptions {
  readonly metrics: ProxyMetrics;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Returns the stage that observes. */
export function makeObserve<E extends Exchange>({ metrics, log, now }: ObserveOptions): Stage<E> {
  return {
    name: 'observe',
    run: () => true,
    finish: (exchange) => {
      const endpoint = exchange.endpointLabel === '' ? noEndpoint : exchange.endpointLabel;
      const entity = exchange.servedEntity;
      const tookMs = now() - exchange.startedAt;
      metrics.requests.inc({ endpoint, served_entity: entity, code: exchange.status });
      metrics.seconds.observe({ endpoint, served_entity: entity }, tookMs / 1000);
      if (exchange.reason !== '') metrics.refused.inc({ endpoint, reason: exchange.reason });
      if (log.isLevelEnabled('debug')) logLine(log, exchange, tookMs);
    },
  };
}

function logLine(log: Logger, exchange: Exchange, tookMs: number): void {
  log.debug(
    {
      requestId: exchange.requestId,
      endpoint: exchange.endpointLabel,
      servedEntity: exchange.servedEntity,
      principal: exchange.principal,
      status: exchange.status,
      reason: exchange.reason,
      tookMs: Math.round(tookMs * 10) / 10,
    },
    'request ended',
  );
}
