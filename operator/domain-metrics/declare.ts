/** Owns the declarations of the metrics of what the operator does for endpoints; every label has a fixed set of values. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type DomainMetrics = ReturnType<typeof makeDomainMetrics>;

/** Returns the metrics, declared on `registry`; without one they count for nobody. */
export function makeDomainMetrics(registry: Registry = new Registry()) {
  const registers = [registry];
  return {
    configUpdates: new Counter({
      name: 'fairlead_config_updates_total',
      help: 'Config versions by what became of them: active, failed',
      labelNames: ['result'] as const,
      registers,
    }),
    scaleChanges: new Counter({
      name: 'fairlead_scale_changes_total',
      help: 'Changes of the scale of Deployments with traffic, by writer (gateway, hpa, operator) and direction (from_zero, up, down, to_zero)',
      labelNames: ['writer', 'direction'] as const,
      registers,
    }),
    demandReports: new Counter({
      name: 'fairlead_demand_reports_total',
      help: 'Demand reports by what became of them: taken, refused, invalid, redirected (sent to the leader)',
      labelNames: ['result'] as const,
      registers,
    }),
    coldStarts: new Histogram({
      name: 'fairlead_cold_start_seconds',
      help: 'Where the time of pod starts went, by phase: total, schedule, pull, fetch, load',
      labelNames: ['phase'] as const,
      buckets: [1, 2, 5, 10, 20, 40, 60, 120, 300, 600],
      registers,
    }),
  };
}

export interface EndpointState {
  readonly ready: string;
  readonly reason: string;
}

/** Declares the gauge of endpoints, read when it is scraped: endpoints change more often than anybody looks. */
export function declareEndpointsGauge(registry: Registry, states: () => readonly EndpointState[]): void {
  new Gauge({
    name: 'fairlead_endpoints',
    help: 'Endpoints by the status and the reason of their condition Ready; Suspended where they are stopped',
    labelNames: ['ready', 'reason'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const { ready, reason } of states()) this.inc({ ready, reason });
    },
  });
}
