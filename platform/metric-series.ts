/** Owns metrics whose numbers somebody else keeps: read when they are scraped, so that counting is an addition and no more. */
import type { Counter, Registry } from 'prom-client';

/** One line of what is scraped. */
export interface Sample {
  /** Absent: the name of the metric itself. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface MetricSeries {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'histogram';
  readonly read: () => Sample[];
}

/**
 * Registers the metric. The counters of the library look their labels up anew for each addition, which costs about a
 * microsecond; whoever counts for each request keeps the numbers by himself.
 */
export function registerSeries(registry: Registry, { name, help, type, read }: MetricSeries): void {
  const metric = {
    name,
    help,
    type,
    aggregator: 'sum',
    get: () => Promise.resolve({ name, help, type, aggregator: 'sum', values: read() }),
  };
  // The registry asks of a metric nothing but this.
  registry.registerMetric(metric as unknown as Counter);
}

/** A distribution: how many values are up to which bound, and their sum. */
export class Distribution {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #count = 0;
  #sum = 0;

  /** `bounds` ascend. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index += 1;
    if (index < bounds.length) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count += 1;
    this.#sum += value;
  }

  /** Returns the lines of a histogram `name`; their counts are cumulative. */
  samples(name: string, labels: Sample['labels']): Sample[] {
    let below = 0;
    const buckets = this.#bounds.map((bound, index) => {
      below += this.#counts[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { ...labels, le: bound }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: this.#count },
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: this.#count },
    ];
  }
}
