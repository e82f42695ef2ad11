/** Owns which changes make a runtime be looked at again: its own, of either kind. */
import type { ClusterServingRuntime, ServingRuntime } from '../../crds/schema/serving-runtime.ts';
import type { KubeClient } from '../../kube/client.ts';
import { startController } from '../../kube/controller.ts';
import type { Controller } from '../../kube/controller.ts';
import type { Informer } from '../../kube/informer.ts';
import type { KubeMetrics } from '../../kube/kube-metrics.ts';
import { clusterServingRuntimes, servingRuntimes } from '../../kube/kinds.ts';
import { keyOf } from '../../kube/resource.ts';
import type { ResourceKind } from '../../kube/resource.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { Informers } from '../stores.ts';
import { makeRuntimeReconcile } from './reconcile.ts';

export interface RuntimeControllerOptions {
  readonly informers: Pick<Informers, 'runtimes' | 'clusterRuntimes'>;
  readonly client: KubeClient;
  readonly config: OperatorConfig;
  readonly log: Logger;
  readonly metrics: KubeMetrics;
  readonly clock: Clock;
}

/** Starts the controllers of both kinds; they wait for the informers by themselves. */
export function startRuntimeControllers(options: RuntimeControllerOptions): { stop(): Promise<void> } {
  const { runtimes, clusterRuntimes } = options.informers;
  const controllers = [
    startOne(servingRuntimes, runtimes, options),
    startOne(clusterServingRuntimes, clusterRuntimes, options),
  ];
  return {
    stop: async () => {
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
  };
}

function startOne<Runtime extends ServingRuntime | ClusterServingRuntime>(
  kind: ResourceKind<Runtime>,
  informer: Informer<Runtime>,
  options: RuntimeControllerOptions,
): Controller {
  const controller = startController({
    ...options,
    name: kind.kind.toLowerCase(),
    reconcile: makeRuntimeReconcile({ ...options, kind, store: informer.store }),
    waitFor: [informer],
  });
  controller.watch(informer, ({ metadata }) => [keyOf(metadata)]);
  return controller;
}
