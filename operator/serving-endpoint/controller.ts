/** Owns which changes in the cluster make an endpoint be looked at again. */
import { publicNameOf } from '../../core/routing/public-name.ts';
import { entityReasons } from '../../crds/schema/reasons.ts';
import { labels } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { startController } from '../../kube/controller.ts';
import type { Controller, Reconcile } from '../../kube/controller.ts';
import type { KubeMetrics } from '../../kube/kube-metrics.ts';
import { keyOf } from '../../kube/resource.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import { allInformers, byPublicName, scaleTargetOf } from '../stores.ts';
import type { Informers } from '../stores.ts';

export interface ServingEndpointControllerOptions {
  readonly informers: Informers;
  readonly reconcile: Reconcile;
  readonly workers: number;
  readonly log: Logger;
  readonly metrics: KubeMetrics;
  readonly clock: Clock;
}

/** Starts the controller; it waits for the informers by itself. */
export function startServingEndpointController(options: ServingEndpointControllerOptions): Controller {
  const { informers, reconcile, workers, log, metrics, clock } = options;
  const controller = startController({
    name: 'servingendpoint',
    reconcile,
    workers,
    waitFor: allInformers(informers),
    log,
    metrics,
    clock,
  });
  const store = informers.endpoints.store;
  // When an endpoint goes or is renamed, its public name may be free for another one.
  controller.watch(informers.endpoints, (endpoint) => {
    const publicName = `${endpoint.metadata.namespace ?? ''}/${publicNameOf(endpoint)}`;
    return [endpoint, ...store.byIndex(byPublicName, publicName)].map(keyOfEndpoint);
  });
  controller.watch(informers.revisions, ownerKey);
  controller.watch(informers.deployments, ownerKey);
  controller.watch(informers.pods, ownerKey);
  controller.watch(informers.services, ownerKey);
  controller.watch(informers.configMaps, ownerKey);
  controller.watch(informers.secrets, ownerKey);
  controller.watch(informers.endpointSlices, ownerKey);
  controller.watch(informers.gatewaySlices, () =>
    store
      .list()
      .filter(({ spec }) => spec.routeOptimized)
      .map(keyOfEndpoint),
  );
  controller.watch(informers.autoscalers, (autoscaler) => {
    const target = informers.deployments.store.get(scaleTargetOf(autoscaler) ?? '');
    return target === undefined ? ownerKey(autoscaler) : ownerKey(target);
  });
  controller.watch(informers.runtimes, ({ metadata }) =>
    store.list(metadata.namespace).filter(dependsOn(metadata.name)).map(keyOfEndpoint),
  );
  controller.watch(informers.clusterRuntimes, ({ metadata }) =>
    store.list().filter(dependsOn(metadata.name)).map(keyOfEndpoint),
  );
  return controller;
}

const keyOfEndpoint = ({ metadata }: ServingEndpoint): string => keyOf(metadata);

function ownerKey(object: KubeObject): string[] {
  const name = object.metadata?.labels?.[labels.endpoint];
  return name === undefined ? [] : [keyOf({ name, namespace: object.metadata?.namespace })];
}

const waitsForRuntime: ReadonlySet<string | undefined> = new Set([
  entityReasons.noRuntimeForFormat,
  entityReasons.runtimeUnsuitable,
]);

/** A runtime concerns the endpoints that it was chosen for, and those that wait for one. */
const dependsOn =
  (runtime: string) =>
  ({ status }: ServingEndpoint): boolean =>
    status?.servedEntities?.some((row) => row.runtime === runtime || waitsForRuntime.has(row.reason)) ===
    true;
