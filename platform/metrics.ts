/** Owns the metrics registry of a process; components declare their own metrics on the registry they are given. */
import { collectDefaultMetrics, Registry } from 'prom-client';

export type { Registry } from 'prom-client';

/** Returns a registry with Node's own process metrics (memory, event loop delay, garbage collection) on it. */
export function makeRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'fairlead_' });
  return registry;
}
