/** Owns the objects that a cluster has from its first start. */
import type { LocalClient } from './client/local-client.ts';
import type { ObjectInput } from './objects/kube-object.ts';
import { apiServiceIp, proxyClientName } from './identity/server-identity.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import { makeBootstrapRoles } from './authz/bootstrap-roles.ts';

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Creates what is missing, and brings the cluster's own roles and certificates up to date. */
export function bootstrapObjects(client: LocalClient, proxyAuthorityPem: string): void {
  for (const name of namespaces) {
    const resource = client.resource('v1', 'Namespace');
    if (resource.get(name) === undefined) {
      resource.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
  }
  for (const object of [...makeBootstrapRoles(), makeProxyConfiguration(proxyAuthorityPem)]) {
    client.resource(object.apiVersion, object.kind).apply(object, { force: true });
  }
}

/** Tells aggregated API servers by which certificate and headers to know this server's word about users. */
function makeProxyConfiguration(proxyAuthorityPem: string): ObjectInput {
  const configuration = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: {
      'requestheader-allowed-names': JSON.stringify([proxyClientName]),
      'requestheader-client-ca-file': proxyAuthorityPem,
      'requestheader-extra-headers-prefix': JSON.stringify(['X-Remote-Extra-']),
      'requestheader-group-headers': JSON.stringify(['X-Remote-Group']),
      'requestheader-username-headers': JSON.stringify(['X-Remote-User']),
    },
  };
  return configuration;
}

/** Tells pods where the API is: the Service `default/kubernetes` and the endpoint behind it. */
export function publishApiService(client: LocalClient, address: ListenAddress): void {
  const metadata = { name: 'kubernetes', namespace: 'default' };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      clusterIP: apiServiceIp,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: address.port }],
    },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port: address.port, protocol: 'TCP' }],
    endpoints: [{ addresses: [address.host], conditions: { ready: true } }],
  };
  client.resource('v1', 'Service').apply(service, { force: true });
  client.resource('discovery.k8s.io/v1', 'EndpointSlice').apply(slice, { force: true });
}
