/** Owns what remains of a request: metrics, and a line in the access log at debug level, without tokens or bodies. */
import type { Logger } from '../../../platform/logging.ts';
import type { Exchange, Stage } from '../../exchange.ts';
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
      const { endpointLabel, servedEntity } = exchange;
      const tookMs = now() - exchange.startedAt;
      metrics.countAnswer(endpointLabel, servedEntity, exchange.status, tookMs / 1000);
      if (exchange.reason !== '') metrics.countRefusal(endpointLabel, exchange.reason);
      if (exchange.usage !== undefined) metrics.countTokens(endpointLabel, servedEntity, exchange.usage);
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
