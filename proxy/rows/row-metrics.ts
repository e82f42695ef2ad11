/** Owns the metrics of recorded rows: what became of them, how late they are, how many wait. */
import { Counter, Histogram } from 'prom-client';
import type { Registry } from '../../platform/metrics.ts';
import type { RowKind } from './row.ts';

/** `overflow`: there was no room for it in memory; `no_sink`: this process was given no place for rows; `failed`: it could not be written. */
export type RowResult = 'sent' | 'overflow' | 'no_sink' | 'failed';

export interface RowMetrics {
  readonly rows: Counter<'kind' | 'result'>;
  readonly delay: Histogram<'kind'>;
}

/** Returns the metrics, registered on `registry`, with every count at 0: a drop is to be seen as a rise. */
export function makeRowMetrics(registry: Registry): RowMetrics {
  const rows = new Counter({
    name: 'fairlead_payload_log_rows_total',
    help: 'Rows of payload and usage logs, by what became of them: sent, overflow, no_sink, failed.',
    labelNames: ['kind', 'result'] as const,
    registers: [registry],
  });
  const kinds: readonly RowKind[] = ['payload', 'usage'];
  const results: readonly RowResult[] = ['sent', 'overflow', 'no_sink', 'failed'];
  for (const kind of kinds) for (const result of results) rows.inc({ kind, result }, 0);
  return {
    rows,
    delay: new Histogram({
      name: 'fairlead_payload_log_delay_seconds',
      help: 'Time from the end of a request until its row is written.',
      labelNames: ['kind'] as const,
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
      registers: [registry],
    }),
  };
}
