/** Owns what is counted of the limit store: whether it is there, how long it takes, who was decided without it. */
import { Counter, Histogram } from 'prom-client';
import { registerGauge } from '../../platform/metrics.ts';
import type { Registry } from '../../platform/metrics.ts';

/** Why a request was decided without the store. */
export type Fallback = 'down' | 'timeout' | 'error';

export interface StoreMetrics {
  readonly seconds: Histogram;
  countFallback(reason: Fallback): void;
}

/** Returns the metrics, registered on `registry`. */
export function makeStoreMetrics(registry: Registry, isUp: () => boolean): StoreMetrics {
  const registers = [registry];
  registerGauge(registry, 'fairlead_limit_store_up', '1 while limits are counted in the store.', () =>
    isUp() ? 1 : 0,
  );
  const fallbacks = new Counter({
    name: 'fairlead_limit_store_fallbacks_total',
    help: 'Requests whose limits were counted by shares, by reason: down, timeout, error.',
    labelNames: ['reason'],
    registers,
  });
  const children = {
    down: fallbacks.labels('down'),
    timeout: fallbacks.labels('timeout'),
    error: fallbacks.labels('error'),
  };
  return {
    seconds: new Histogram({
      name: 'fairlead_limit_store_seconds',
      help: 'Time that the store took to answer, for all that was asked together.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
      registers,
    }),
    countFallback: (reason) => children[reason].inc(),
  };
}
