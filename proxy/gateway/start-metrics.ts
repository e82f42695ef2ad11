/** Owns the metric of how long Deployments take from zero until they answer, by phase, as the gateway that wakes them sees it. */
import { Histogram } from 'prom-client';
import { timingsWithin } from '../../core/cold-start/start-timeline.ts';
import type { StartTimeline } from '../../core/cold-start/start-timeline.ts';
import type { Registry } from '../../platform/metrics.ts';

type StartHistogram = Histogram<'phase'>;

/** Returns the metric, registered on `registry`. */
export const makeStartHistogram = (registry: Registry): StartHistogram =>
  new Histogram({
    name: 'fairlead_gateway_cold_start_seconds',
    help: 'Time from waking a Deployment until its first pod was ready, by phase: total, schedule, pull, download, load.',
    labelNames: ['phase'] as const,
    buckets: [0.1, 0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300, 600],
    registers: [registry],
  });

/** Counts a start that was waited for since `from`. */
export function observeStart(histogram: StartHistogram, start: StartTimeline, from: number): void {
  if (start.readyAt === undefined) return;
  for (const [phase, milliseconds] of timingsWithin(start, from, start.readyAt)) {
    histogram.observe({ phase }, milliseconds / 1000);
  }
}
