/** Owns the transition 0 → 1 of a Deployment: written once, whoever else writes at the same time. */
import { isConflict } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { deployments } from '../../kube/kinds.ts';

const timeoutMs = 5_000;
const maxAttempts = 5;

/**
 * Sets the scale of a Deployment from 0 to 1. Returns `written` when this call did it, `awake` when it found another
 * scale. The precondition is the version at which it was seen at 0 (the API leaves a scale of 0 out of the object, so
 * there is no value to test): of several gateways exactly one succeeds, the others see its work on their second look.
 *
 * @throws ApiError or AppError as the Kubernetes client does.
 */
export async function scaleFromZero(
  client: KubeClient,
  ref: { readonly namespace: string; readonly name: string },
): Promise<'written' | 'awake'> {
  for (let attempt = 1; ; attempt += 1) {
    const scale = await client.scale.get(deployments, ref, { timeoutMs });
    if ((scale.spec?.replicas ?? 0) > 0) return 'awake';
    const resourceVersion = scale.metadata?.resourceVersion;
    try {
      await client.scale.mergePatch(
        deployments,
        ref,
        { metadata: { resourceVersion }, spec: { replicas: 1 } },
        { timeoutMs, fieldManager: 'fairlead-gateway' },
      );
      return 'written';
    } catch (error) {
      if (!isConflict(error) || attempt >= maxAttempts) throw error;
    }
  }
}
