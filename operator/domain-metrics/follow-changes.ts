/** Owns the counting of what changes for endpoints, as the watched collections show it; in the leader alone. */
import type { ServedEntityStatus, ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { Deployment } from '../../kube/kinds.ts';
import type { Registry } from '../../platform/metrics.ts';
import { autoscalersOf, isRouted } from '../scaling/endpoint-of.ts';
import type { Informers, Stores } from '../stores.ts';
import { declareEndpointsGauge } from './declare.ts';
import type { DomainMetrics, EndpointState } from './declare.ts';
import { directionOf } from './direction-of.ts';

export interface FollowChangesOptions {
  readonly informers: Informers;
  readonly registry: Registry;
  readonly metrics: DomainMetrics;
  /** Otherwise each operator would count, and their sum would be too much. */
  readonly isLeader: () => boolean;
}

/** Starts to count; returns how to stop. */
export function followChanges(options: FollowChangesOptions): () => void {
  const { informers, registry, metrics, isLeader } = options;
  declareEndpointsGauge(registry, () => (isLeader() ? informers.endpoints.store.list().map(stateOf) : []));
  const unwatch = [
    informers.endpoints.onChange((change) => {
      if (change.type === 'updated' && isLeader()) countUpdate(change.previous, change.object, metrics);
    }),
    informers.deployments.onChange((change) => {
      if (change.type === 'updated' && isLeader()) {
        countScale(change.previous, change.object, informers, metrics);
      }
    }),
  ];
  return () => {
    for (const stop of unwatch) stop();
  };
}

/** Returns how it stands with the endpoint; both words are from fixed sets. */
export function stateOf({ status }: ServingEndpoint): EndpointState {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  const ready = status?.ready ?? 'Unknown';
  return { ready, reason: condition?.reason ?? ready };
}

/** Counts what the step from one state of an endpoint to the next tells. */
export function countUpdate(before: ServingEndpoint, after: ServingEndpoint, metrics: DomainMetrics): void {
  const [was, is] = [before.status ?? {}, after.status ?? {}];
  if (is.active !== undefined && is.active.configVersion !== was.active?.configVersion) {
    metrics.configUpdates.inc({ result: 'active' });
  }
  if (is.failed !== undefined && is.failed.since !== was.failed?.since) {
    metrics.configUpdates.inc({ result: 'failed' });
  }
  for (const row of is.servedEntities ?? []) countColdStart(was.servedEntities ?? [], row, metrics);
}

function countColdStart(
  before: readonly ServedEntityStatus[],
  { deployment, coldStart }: ServedEntityStatus,
  metrics: DomainMetrics,
): void {
  const known = before.find((row) => row.deployment === deployment)?.coldStart;
  if (coldStart === undefined || JSON.stringify(known) === JSON.stringify(coldStart)) return;
  const phases = {
    total: coldStart.totalSeconds,
    schedule: coldStart.scheduleSeconds,
    pull: coldStart.pullSeconds,
    fetch: coldStart.fetchSeconds,
    load: coldStart.loadSeconds,
  };
  for (const [phase, seconds] of Object.entries(phases)) {
    if (seconds !== undefined) metrics.coldStarts.observe({ phase }, seconds);
  }
}

/**
 * Counts a change of the scale by others. Who that was follows from who may: a gateway wakes, and an HPA, where there is
 * one, does the rest. What the operator does it counts itself, when it does it.
 */
export function countScale(
  before: Deployment,
  after: Deployment,
  stores: Pick<Stores, 'endpoints' | 'autoscalers'>,
  metrics: DomainMetrics,
): void {
  const [from, to] = [before.spec?.replicas ?? 1, after.spec?.replicas ?? 1];
  if (from === to || !isRouted(stores, after)) return;
  const autoscalers = autoscalersOf(stores, after);
  if (from === 0) metrics.scaleChanges.inc({ writer: 'gateway', direction: 'from_zero' });
  else if (to > 0 && autoscalers.length > 0) {
    metrics.scaleChanges.inc({ writer: 'hpa', direction: directionOf(from, to) });
  } else if (to === 0 && autoscalers.some(({ spec }) => spec.minReplicas === 0)) {
    metrics.scaleChanges.inc({ writer: 'hpa', direction: 'to_zero' });
  }
}
