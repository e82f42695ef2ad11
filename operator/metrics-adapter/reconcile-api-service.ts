/** Owns the APIService of the metrics API: whose it is, and that the API server trusts our certificate. */
import type { KubeClient } from '../../kube/client.ts';
import { apiServices } from '../../kube/kinds.ts';
import type { APIService } from '../../kube/kinds.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { operatorServiceAccount } from '../certificates/system-names.ts';
import { fieldManager } from '../serving-endpoint/names.ts';

export const apiServiceName = 'v1beta1.external.metrics.k8s.io';

/** `taken`: another adapter serves the API; `missing`: nobody does. */
export type MetricsApiState = 'ours' | 'taken' | 'missing';

type Installation = Pick<OperatorConfig, 'systemNamespace'>;

/** Returns whose the metrics API is. */
export function metricsApiStateOf(
  apiService: APIService | undefined,
  { systemNamespace }: Installation,
): MetricsApiState {
  if (apiService === undefined) return 'missing';
  const { service } = apiService.spec ?? {};
  return service?.name === operatorServiceAccount && service.namespace === systemNamespace ? 'ours' : 'taken';
}

/**
 * Gives the API server the authority that signs our serving certificate, where the API is ours.
 *
 * @throws ApiError.
 */
export async function reconcileApiService(
  client: KubeClient,
  installation: Installation,
  apiService: APIService | undefined,
  bundlePem: string,
): Promise<MetricsApiState> {
  const state = metricsApiStateOf(apiService, installation);
  const caBundle = Buffer.from(bundlePem).toString('base64');
  if (state === 'ours' && apiService?.spec?.caBundle !== caBundle) {
    const ref = { name: apiServiceName };
    await client.mergePatch(apiServices, ref, { spec: { caBundle } }, { fieldManager });
  }
  return state;
}
