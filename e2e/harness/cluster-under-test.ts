/** Owns what a journey knows of the cluster that it runs on: any cluster with Fairlead, reached as a person reaches it. */
import { inject } from 'vitest';
import { makeKubeClient } from '../../kube/client.ts';
import type { KubeClient } from '../../kube/client.ts';
import { loadKubeconfigAccess } from '../../kube/kubeconfig.ts';
import { KubeTransport } from '../../kube/transport.ts';
import type { GoBuild } from './go-program.ts';

export interface ClusterUnderTest {
  readonly kubeconfig: string;
  readonly gatewayUrl: string;
  /** The bearer token of somebody who may ask every endpoint. */
  readonly token: string;
  /** A folder that is gone after the run. */
  readonly scratch: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    cluster: ClusterUnderTest;
    kubectl: GoBuild;
    helm: GoBuild;
  }
}

/** Returns the cluster that the run's setup has started. */
export const clusterUnderTest = (): ClusterUnderTest => inject('cluster');

/** Returns a client of that cluster; its connections end with the test process. */
export function kubeClient(): KubeClient {
  const access = loadKubeconfigAccess(clusterUnderTest().kubeconfig);
  return makeKubeClient(new KubeTransport({ access, userAgent: 'fairlead-e2e' }));
}
