/** Owns which controllers the embedded cluster runs. */
import type { Clock } from '../../platform/clock.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import type { ApiServer } from '../apiserver/server.ts';
import { startDeploymentController } from './deployment/controller.ts';
import { startEndpointSliceController } from './endpoint-slice/controller.ts';
import { startAutoscaler } from './hpa/controller.ts';
import { makeEventRecorder } from './objects/events.ts';
import { startReplicaSetController } from './replica-set/controller.ts';
import { startScheduler } from './scheduler/controller.ts';

export interface ControllersOptions {
  readonly api: Pick<ApiServer, 'localClient'>;
  readonly log: Logger;
  readonly clock?: Clock;
  /** How often autoscalers are looked at, in milliseconds; default 2 s, where Kubernetes takes 15 s. */
  readonly autoscalerSyncPeriodMs?: number;
}

/** Starts all controllers; `stop` waits for the reconciles that run. */
export function startControllers(options: ControllersOptions): { stop(): Promise<void> } {
  const { api, log, clock = systemClock } = options;
  const partsOf = (name: string) => {
    const client = api.localClient(name);
    return { client, log, clock, events: makeEventRecorder({ client, component: name, log, clock }) };
  };
  const controllers = [
    startScheduler(partsOf('default-scheduler')),
    startReplicaSetController(partsOf('replicaset-controller')),
    startDeploymentController(partsOf('deployment-controller')),
    startEndpointSliceController(partsOf('endpointslice-controller')),
    startAutoscaler({
      ...partsOf('horizontal-pod-autoscaler'),
      syncPeriodMs: options.autoscalerSyncPeriodMs ?? 2_000,
    }),
  ];
  return {
    stop: async () => {
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
  };
}
