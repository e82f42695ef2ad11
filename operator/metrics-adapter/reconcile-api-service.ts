/** Owns the APIService of the metrics API: whose it is, and that the API server trusts our certificate. */
import type { KubeClient } from '../../kube/client.ts';
import { apiServices } from '../../kube/kinds.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { operatorServiceAccount } from '../certificates/system-certificates.ts';
import { fieldManager } from '../serving-endpoint/names.ts';

const apiServiceName = 'v1beta1.external.metrics.k8s.io';

/** `taken`: another adapter serves the API; `missing`: nobody does. */
export type MetricsApiState = 'ours' | 'taken' | 'missing';

/**
 * Gives the API server the authority that signs our serving certificate, where the API is ours.
 *
 * @throws ApiError.
 */
export async function reconcileApiService(
  client: KubeClient,
  config: Pick<OperatorConfig, 'systemNamespace'>,
  bundlePem: string,
): Promise<MetricsApiState> {
  const found = await client.find(apiServices, { name: apiServiceName });
  if (found === undefined) return 'missing';
  const { service, caBundle } = found.spec ?? {};
  if (service?.name !== operatorServiceAccount || service.namespace !== config.systemNamespace)
    return 'taken';
  const wanted = Buffer.from(bundlePem).toString('base64');
  if (caBundle !== wanted) {
    await client.mergePatch(
      apiServices,
      { name: apiServiceName },
      { spec: { caBundle: wanted } },
      { fieldManager },
    );
  }
  return 'ours';
}
