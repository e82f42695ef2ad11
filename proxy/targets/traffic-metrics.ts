/** Owns the metrics of routing and holding, by endpoint: bound once for each, because every request may touch them. */
import { Counter } from 'prom-client';
import { holdOutcomes } from '../../core/holding/patience.ts';
import type { HoldOutcome } from '../../core/holding/patience.ts';
import type { AttemptEnd } from '../../core/routing/plan-retry.ts';
import type { Registry } from '../../platform/metrics.ts';
import { BoundedLabels } from './bounded-labels.ts';

const retryCauses = ['full', 'stale', 'lost', 'server-error'] as const satisfies readonly AttemptEnd[];
const affinities = ['preferred', 'next', 'none'] as const;

/** How a prompt found its replica: the one that its prefix belongs to, one after it, or it had no prefix. */
export type Affinity = (typeof affinities)[number];

/** The counters of one endpoint. */
export interface EndpointMetrics {
  held(outcome: HoldOutcome): void;
  /** A request is sent again that may have cost a model something. */
  retried(cause: AttemptEnd): void;
  retryOverBudget(): void;
  ejected(): void;
  affinity(affinity: Affinity): void;
  fellBack(): void;
}

type Bound<Name extends string> = Record<Name, Counter.Internal>;

export class TrafficMetrics {
  readonly #labels: BoundedLabels;
  readonly #known = new Map<string, EndpointMetrics>();
  readonly #held: Counter<'endpoint' | 'outcome'>;
  readonly #retries: Counter<'endpoint' | 'cause'>;
  readonly #overBudget: Counter<'endpoint'>;
  readonly #ejections: Counter<'endpoint'>;
  readonly #affinity: Counter<'endpoint' | 'result'>;
  readonly #fallbacks: Counter<'endpoint'>;

  constructor(registry: Registry, labels = new BoundedLabels()) {
    this.#labels = labels;
    const counter = <Label extends string>(name: string, help: string, ...more: Label[]) =>
      new Counter({
        name: `fairlead_gateway_${name}_total`,
        help,
        labelNames: ['endpoint', ...more],
        registers: [registry],
      });
    this.#held = counter(
      'hold_outcomes',
      'Requests that could not be sent on at once, by what became of them.',
      'outcome',
    );
    this.#retries = counter(
      'retries',
      'Requests sent again that may have cost a model something, by cause.',
      'cause',
    );
    this.#overBudget = counter(
      'retries_over_budget',
      'Requests not sent again because the budget was used up.',
    );
    this.#ejections = counter('ejections', 'Replicas taken out of traffic for their failures.');
    this.#affinity = counter('prefix_affinity', 'Prompts by how they found their replica.', 'result');
    this.#fallbacks = counter(
      'fallbacks',
      'Requests that went to another served entity because theirs did not answer.',
    );
  }

  /** Returns the counters of the endpoint `label` (`namespace/name`). */
  of(label: string): EndpointMetrics {
    const known = this.#known.get(label);
    if (known !== undefined) return known;
    const made = this.#bind(this.#labels.valueOf(label));
    this.#known.set(label, made);
    return made;
  }

  /** The endpoint is gone, and with it what was counted. */
  forget(label: string): void {
    this.#known.delete(label);
    if (!this.#labels.forget(label)) return;
    const endpoint = { endpoint: label };
    for (const outcome of holdOutcomes) this.#held.remove({ ...endpoint, outcome });
    for (const cause of retryCauses) this.#retries.remove({ ...endpoint, cause });
    for (const result of affinities) this.#affinity.remove({ ...endpoint, result });
    for (const metric of [this.#overBudget, this.#ejections, this.#fallbacks]) metric.remove(endpoint);
  }

  #bind(endpoint: string): EndpointMetrics {
    const held: Partial<Bound<HoldOutcome>> = {};
    const affinity: Partial<Bound<Affinity>> = {};
    return {
      held: (outcome) => (held[outcome] ??= this.#held.labels({ endpoint, outcome })).inc(),
      retried: (cause) => this.#retries.inc({ endpoint, cause }),
      retryOverBudget: () => this.#overBudget.inc({ endpoint }),
      ejected: () => this.#ejections.inc({ endpoint }),
      affinity: (result) => (affinity[result] ??= this.#affinity.labels({ endpoint, result })).inc(),
      fellBack: () => this.#fallbacks.inc({ endpoint }),
    };
  }
}
