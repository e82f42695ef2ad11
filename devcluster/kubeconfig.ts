/** Owns the kubeconfig of the embedded cluster. */
import type { ApiServer } from './apiserver/server.ts';

const name = 'fairlead';

/** Returns a kubeconfig (JSON is YAML) whose current context is the cluster's admin in the namespace `default`. */
export function makeKubeconfig(api: Pick<ApiServer, 'url' | 'caPem' | 'adminToken'>): object {
  const certificate = Buffer.from(api.caPem).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: api.url, 'certificate-authority-data': certificate } }],
    users: [{ name: 'admin', user: { token: api.adminToken } }],
    contexts: [{ name, context: { cluster: name, user: 'admin', namespace: 'default' } }],
    'current-context': name,
  };
}
