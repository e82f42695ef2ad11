/** Owns the declarations of the metrics of admission. */
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from '../../platform/metrics.ts';
import type { OperatorConfig } from '../config/operator-config.ts';

export type AdmissionMetrics = ReturnType<typeof makeAdmissionMetrics>;

/** Returns the metrics, declared on `registry`, with the limits that are in force. */
export function makeAdmissionMetrics(registry: Registry, limits: OperatorConfig['limits']) {
  const registers = [registry];
  const limit = new Gauge({
    name: 'fairlead_admission_limit',
    help: 'Limits of a namespace that are in force: endpoints, and writes per window',
    labelNames: ['limit'] as const,
    registers,
  });
  limit.set({ limit: 'endpoints' }, limits.endpointsPerNamespace);
  limit.set({ limit: 'writes' }, limits.writesPerWindow);
  return {
    reviews: new Counter({
      name: 'fairlead_admission_reviews_total',
      help: 'Writes that were judged, by webhook and verdict: allowed, a reason of refusal, or failed',
      labelNames: ['webhook', 'verdict'] as const,
      registers,
    }),
    seconds: new Histogram({
      name: 'fairlead_admission_review_seconds',
      help: 'Time that a verdict took',
      labelNames: ['webhook'] as const,
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 1, 5],
      registers,
    }),
  };
}
