/** Owns the choice of how a process reaches its cluster; loads client-node only when a kubeconfig is in play. */
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logging.ts';
import type { ClusterAccess } from './credentials.ts';
import { loadInClusterAccess } from './in-cluster.ts';

export interface AccessOptions {
  /** Path of a kubeconfig: wins over everything else. */
  readonly kubeconfig?: string | undefined;
  /** Where the pod's ServiceAccount is mounted. */
  readonly serviceAccountDir?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly clock?: Clock;
}

/**
 * Returns access by the first of: `options.kubeconfig`, the environment's `KUBECONFIG`, the pod's ServiceAccount.
 *
 * @throws AppError `KUBECONFIG_INVALID`, `KUBE_ACCESS_MISSING`, `KUBE_CREDENTIALS_UNREADABLE`.
 */
export async function loadClusterAccess(options: AccessOptions): Promise<ClusterAccess> {
  const kubeconfig = options.kubeconfig ?? options.env['KUBECONFIG'];
  if (kubeconfig !== undefined && kubeconfig !== '') {
    const { loadKubeconfigAccess } = await import('./kubeconfig.ts');
    return loadKubeconfigAccess(kubeconfig);
  }
  return loadInClusterAccess({
    env: options.env,
    log: options.log,
    ...(options.serviceAccountDir === undefined ? {} : { serviceAccountDir: options.serviceAccountDir }),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
}
