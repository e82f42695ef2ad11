/** Owns the question who scales in this cluster: HPAs or the operator, between one and many, and down to zero. */
import { ApiError } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { horizontalPodAutoscalers } from '../../kube/kinds.ts';
import type { MetricsApiState } from '../metrics-adapter/reconcile-api-service.ts';

export interface ScalingMode {
  readonly metricsApi: MetricsApiState;
  /** Whether an HPA may have `minReplicas: 0`; `refused`: the configuration asks for it, and the cluster cannot. */
  readonly nativeZero: 'off' | 'on' | 'refused';
}

/** Whether HPAs can read the demand; where they cannot there are none, and the operator scales. */
export const usesAutoscalers = ({ metricsApi }: ScalingMode): boolean => metricsApi === 'ours';

/** Whether HPAs go to zero themselves. */
export const autoscalersGoToZero = (mode: ScalingMode): boolean =>
  usesAutoscalers(mode) && mode.nativeZero === 'on';

/**
 * Returns whether the API server takes an HPA that may go to zero: without its feature gate it refuses one. Nothing is
 * written.
 *
 * @throws ApiError for any other refusal.
 */
export async function probeNativeZero(client: KubeClient, namespace: string): Promise<'on' | 'refused'> {
  const name = 'fairlead-scale-to-zero-probe';
  const metric = { name };
  try {
    await client.create(
      horizontalPodAutoscalers,
      {
        metadata: { name, namespace },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
          minReplicas: 0,
          maxReplicas: 1,
          metrics: [
            { type: 'External', external: { metric, target: { type: 'AverageValue', averageValue: '1' } } },
          ],
        },
      },
      { dryRun: true },
    );
    return 'on';
  } catch (error) {
    if (error instanceof ApiError && error.status === 422) return 'refused';
    throw error;
  }
}
