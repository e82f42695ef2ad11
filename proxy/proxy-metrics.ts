/** Owns the metrics that both proxies have about requests: kept as plain numbers, with labels that cannot grow without end. */
import { STATUS_CODES } from 'node:http';
import { Distribution, registerSeries } from '../platform/metric-series.ts';
import type { Sample } from '../platform/metric-series.ts';
import type { Registry } from '../platform/metrics.ts';
import { BoundedLabels, maxEndpoints, others } from './bounded-labels.ts';
import type { Usage } from './exchange.ts';

/** Label value of requests that came to no endpoint that exists: what callers make up must not become labels. */
const noEndpoint = '_none';

/** Most entities of one endpoint that have label values of their own. */
const maxEntities = 64;

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const tokenKinds = ['input', 'output'] as const;

interface Count {
  value: number;
}

/** Of one served entity. */
class EntitySeries {
  readonly codes = new Map<number | string, Count>();
  readonly seconds = new Distribution(buckets);
  /** By kind, told and estimated. */
  readonly tokens: Readonly<Record<'told' | 'estimated', number[]>> = { told: [0, 0], estimated: [0, 0] };
}

class EndpointSeries {
  readonly entities = new Map<string, EntitySeries>();
  readonly entityLabels: BoundedLabels;
  readonly refused = new Map<string, Count>();

  constructor(label: string) {
    this.entityLabels = new BoundedLabels(label === others ? 0 : maxEntities);
  }
}

export class ProxyMetrics {
  readonly #endpoints = new Map<string, EndpointSeries>();
  readonly #labels = new BoundedLabels(maxEndpoints);

  /** Registers the metrics on `registry`. */
  constructor(registry: Registry) {
    registerSeries(registry, {
      name: 'fairlead_proxy_requests_total',
      help: 'Requests answered, by endpoint, served entity and status; 499: the caller went away first.',
      type: 'counter',
      read: () => this.#ofEntities(codeSamples),
    });
    registerSeries(registry, {
      name: 'fairlead_proxy_request_duration_seconds',
      help: 'Time from the head of a request to the end of its answer.',
      type: 'histogram',
      read: () =>
        this.#ofEntities((entity, labels) =>
          entity.seconds.samples('fairlead_proxy_request_duration_seconds', labels),
        ),
    });
    registerSeries(registry, {
      name: 'fairlead_proxy_dropped_total',
      help: 'Requests that the proxy refused itself, by reason.',
      type: 'counter',
      read: () => this.#refusedSamples(),
    });
    registerSeries(registry, {
      name: 'fairlead_proxy_tokens_total',
      help: 'Tokens of requests that are accounted here, by kind (input, output) and whether they are estimated.',
      type: 'counter',
      read: () => this.#ofEntities(tokenSamples),
    });
  }

  /** Counts an answer; the endpoint is `namespace/name`, empty where there was none. */
  countAnswer(endpoint: string, servedEntity: string, status: number, seconds: number): void {
    const entity = this.#entityOf(endpoint, servedEntity);
    increment(entity.codes, labelOfStatus(status));
    entity.seconds.observe(seconds);
  }

  countRefusal(endpoint: string, reason: string): void {
    increment(this.#endpointOf(endpoint).refused, reason);
  }

  countTokens(endpoint: string, servedEntity: string, usage: Usage): void {
    const entity = this.#entityOf(endpoint, servedEntity);
    const tokens = usage.estimated ? entity.tokens.estimated : entity.tokens.told;
    tokens[0] = (tokens[0] ?? 0) + usage.inputTokens;
    tokens[1] = (tokens[1] ?? 0) + usage.outputTokens;
  }

  /** The endpoint exists no longer: its series end, and another one may have its place. */
  forget(endpoint: string): void {
    if (this.#labels.forget(endpoint)) this.#endpoints.delete(endpoint);
  }

  #entityOf(endpoint: string, servedEntity: string): EntitySeries {
    const { entities, entityLabels } = this.#endpointOf(endpoint);
    const known = entities.get(servedEntity);
    if (known !== undefined) return known;
    const name = entityLabels.valueOf(servedEntity);
    const series = entities.get(name) ?? new EntitySeries();
    entities.set(name, series);
    return series;
  }

  #endpointOf(label: string): EndpointSeries {
    const asked = label === '' ? noEndpoint : label;
    const known = this.#endpoints.get(asked);
    if (known !== undefined) return known;
    const name = asked === noEndpoint ? noEndpoint : this.#labels.valueOf(asked);
    const series = this.#endpoints.get(name) ?? new EndpointSeries(name);
    this.#endpoints.set(name, series);
    return series;
  }

  #ofEntities(read: (entity: EntitySeries, labels: Sample['labels']) => Sample[]): Sample[] {
    const samples: Sample[] = [];
    for (const [endpoint, { entities }] of this.#endpoints) {
      for (const [name, entity] of entities) samples.push(...read(entity, { endpoint, served_entity: name }));
    }
    return samples;
  }

  #refusedSamples(): Sample[] {
    return [...this.#endpoints].flatMap(([endpoint, { refused }]) =>
      [...refused].map(([reason, { value }]) => ({ labels: { endpoint, reason }, value })),
    );
  }
}

function increment<Key>(counts: Map<Key, Count>, key: Key): void {
  const count = counts.get(key);
  if (count === undefined) counts.set(key, { value: 1 });
  else count.value += 1;
}

/** A model may answer with any number; only those that mean something become label values. */
function labelOfStatus(status: number): number | string {
  if (status === 200 || status === 499 || STATUS_CODES[status] !== undefined) return status;
  return `${Math.trunc(status / 100)}xx`;
}

const codeSamples = ({ codes }: EntitySeries, labels: Sample['labels']): Sample[] =>
  [...codes].map(([code, { value }]) => ({ labels: { ...labels, code }, value }));

function tokenSamples({ tokens }: EntitySeries, labels: Sample['labels']): Sample[] {
  return (['told', 'estimated'] as const).flatMap((source) =>
    tokenKinds.flatMap((kind, index) => {
      const value = tokens[source][index] ?? 0;
      const estimated = String(source === 'estimated');
      return value === 0 ? [] : [{ labels: { ...labels, kind, estimated }, value }];
    }),
  );
}
