/** Owns the quickstart's connection to the embedded cluster. */
import { makeKubeClient } from '../../kube/client.ts';
import type { KubeClient } from '../../kube/client.ts';
import { loadKubeconfigAccess } from '../../kube/kubeconfig.ts';
import { KubeTransport } from '../../kube/transport.ts';
import type { Lifetime } from '../processes/lifetime.ts';

/**
 * Returns the client of the cluster that `kubeconfig` names; its connections end with `lifetime`.
 *
 * @throws AppError `KUBECONFIG_INVALID`.
 */
export function connect(kubeconfig: string, lifetime: Lifetime): KubeClient {
  const transport = new KubeTransport({
    access: loadKubeconfigAccess(kubeconfig),
    userAgent: 'fairlead-quickstart',
  });
  lifetime.add({ name: 'connection to the cluster', stop: () => transport.close(), force: () => undefined });
  return makeKubeClient(transport);
}
