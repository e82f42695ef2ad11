/** Owns what remains of a request: metrics, its trace, and a line in the access log. */
import type { Exchange, Stage } from '../../exchange.ts';
import type { ProxyMetrics } from '../../proxy-metrics.ts';
import type { Tracer } from '../../tracing/tracer.ts';
import { writeAccess } from './access-log.ts';
import type { AccessLogOptions } from './access-log.ts';

export interface ObserveOptions extends AccessLogOptions {
  readonly metrics: ProxyMetrics;
  readonly tracer: () => Tracer | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Returns the stage that observes. */
export function makeObserve<E extends Exchange>(options: ObserveOptions): Stage<E> {
  const { metrics, tracer, now } = options;
  return {
    name: 'observe',
    run: () => true,
    finish: (exchange) => {
      const { endpointLabel, servedEntity } = exchange;
      const tookMs = now() - exchange.startedAt;
      metrics.countAnswer(endpointLabel, servedEntity, exchange.status, tookMs / 1000);
      if (exchange.reason !== '') metrics.countRefusal(endpointLabel, exchange.reason);
      if (exchange.usage !== undefined) metrics.countTokens(endpointLabel, servedEntity, exchange.usage);
      if (exchange.trace !== undefined) tracer()?.end(exchange);
      writeAccess(options, exchange, tookMs);
    },
  };
}
