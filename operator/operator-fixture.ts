/** Owns what the operator's own tests start from: its configuration, a runtime, pods in the states that they tell. */
import type { Pod } from '../kube/kinds.ts';
import { servingRuntimeSchema } from '../crds/schema/serving-runtime.ts';
import { apiVersion, labels } from '../crds/schema/api.ts';
import { operatorConfigSchema } from './config/operator-config.ts';
import type { OperatorConfig } from './config/operator-config.ts';
import type { RuntimeCandidate } from './serving-runtime/select-runtime.ts';

/** Returns the configuration with its defaults, and with what is given. */
export const aConfig = (given: Record<string, unknown> = {}): OperatorConfig =>
  operatorConfigSchema.parse({ podName: 'operator-1', podIp: '10.0.0.1', ...given });

/** Returns a runtime for MLflow models, or as `spec` says. */
export function aRuntime(
  name: string,
  spec: Record<string, unknown> = {},
  scope: RuntimeCandidate['scope'] = 'cluster',
): RuntimeCandidate {
  const defaults = {
    supportedModelFormats: [{ name: 'mlflow' }],
    fetcher: { name: 'fetch-model', image: 'runtime:1', command: ['fetch'] },
    container: { name: 'model', image: 'runtime:1', args: ['--port', '{{server.port}}'] },
  };
  const runtime = servingRuntimeSchema.parse({
    apiVersion,
    kind: 'ServingRuntime',
    metadata: { name },
    spec: { ...defaults, ...spec },
  });
  return { name, scope, generation: 1, createdAt: '2026-01-01T00:00:00Z', spec: runtime.spec };
}

type PodStatus = NonNullable<Pod['status']>;
type ContainerStatus = NonNullable<PodStatus['containerStatuses']>[number];

/** Returns a pod of a Deployment. */
export function aPod(name: string, deployment: string, status: PodStatus = {}): Pod {
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-of-${name}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { [labels.deployment]: deployment },
    },
    spec: { containers: [] },
    status,
  };
}

/** Returns the status of a container that has run as often as `restarts` says. */
export function aContainer(
  name: string,
  state: ContainerStatus['state'] & object,
  given: Partial<ContainerStatus> = {},
): ContainerStatus {
  return { name, image: 'runtime:1', imageID: '', ready: false, restartCount: 0, state, ...given };
}

/** Returns how a run of a container ended. */
export const ended = (
  exitCode: number,
  message?: string,
  reason = exitCode === 0 ? 'Completed' : 'Error',
) => ({
  terminated: { exitCode, reason, ...(message === undefined ? {} : { message }) },
});
