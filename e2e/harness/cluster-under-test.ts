/** Owns what a journey knows of the cluster that it runs on: any cluster with Fairlead, reached as a person reaches it. */
import { inject } from 'vitest';
import { makeKubeClient } from '../../kube/client.ts';
import type { KubeClient } from '../../kube/client.ts';
import { loadKubeconfigAccess } from '../../kube/kubeconfig.ts';
import { KubeTransport } from '../../kube/transport.ts';
import type { KubectlBuild } from './kubectl.ts';

export interface ClusterUnderTest {
  readonly kubeconfig: string;
  readonly gatewayUrl: string;
  /** The bearer token of somebody who may do everything. */
  readonly token: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    cluster: ClusterUnderTest;
    kubectl: KubectlBuild;
  }
}

/** Returns the cluster that the run's setup has started. */
export const clusterUnderTest = (): ClusterUnderTest => inject('cluster');

/** Returns a client of that cluster; its connections end with the test process. */
export function kubeClient(): KubeClient {
  const access = loadKubeconfigAccess(clusterUnderTest().kubeconfig);
  return makeKubeClient(new KubeTransport({ access, userAgent: 'fairlead-e2e' }));
}
