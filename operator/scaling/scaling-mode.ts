/** Owns the question who scales in this cluster: HPAs or the operator, between one and many, and down to zero. */
import { isInvalid } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { horizontalPodAutoscalers } from '../../kube/kinds.ts';
import type { HorizontalPodAutoscaler } from '../../kube/kinds.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import type { MetricsApiState } from '../metrics-adapter/reconcile-api-service.ts';

/**
 * Whether an HPA may have `minReplicas: 0`. `off`: the configuration does not ask for it; `refused`: the cluster cannot;
 * `unknown`: it did not say.
 */
export type NativeZero = 'off' | 'on' | 'refused' | 'unknown';

export interface ScalingMode {
  readonly metricsApi: MetricsApiState;
  readonly nativeZero: NativeZero;
}

/** Whether HPAs can read the demand; where they cannot there are none, and the operator scales. */
export const usesAutoscalers = ({ metricsApi }: ScalingMode): boolean => metricsApi === 'ours';

/**
 * Whether an HPA goes to zero itself; `observed` is the one there is. As long as the cluster does not say, each stays as
 * it is: an answer that is missing for a minute is no reason to change thousands of them and back.
 */
export const goesToZeroItself = (
  { nativeZero }: ScalingMode,
  observed: HorizontalPodAutoscaler | undefined,
): boolean => nativeZero === 'on' || (nativeZero === 'unknown' && observed?.spec.minReplicas === 0);

/**
 * Whether an HPA has to be made anew because it went to zero itself and no longer is to. From Kubernetes 1.37 on it
 * remembers that it did (condition ScaledToZero), and would at once wake what is at zero when its least becomes one.
 */
export const hasToForgetZero = (mode: ScalingMode, { spec }: HorizontalPodAutoscaler): boolean =>
  spec.minReplicas === 0 && (mode.nativeZero === 'off' || mode.nativeZero === 'refused');

/** The API server answers at once, or asks a webhook that may take its time. */
const probeTimeoutMs = 5_000;

/**
 * Returns whether the API server takes an HPA that may go to zero: without its feature gate it refuses one. Nothing is
 * written. Where it does not say (a quota or a webhook refuses the HPA for another cause, or it is in trouble) what was
 * `known` before holds, and the cause is logged.
 */
export async function probeNativeZero(
  client: KubeClient,
  namespace: string,
  known: NativeZero | undefined,
  log: Logger,
): Promise<NativeZero> {
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
      { dryRun: true, timeoutMs: probeTimeoutMs },
    );
    return 'on';
  } catch (error) {
    if (isInvalid(error)) return 'refused';
    const cause = messageOf(error);
    log.warn(
      { cause, known },
      'it cannot be found out whether an HPA may go to zero, asking again in a minute',
    );
    return known ?? 'unknown';
  }
}
