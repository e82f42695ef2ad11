/** Owns the names by which callers reach the sidecars of a route-optimised endpoint. */
import { publicNameOf } from '../../core/routing/public-name.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { OperatorConfig } from '../config/operator-config.ts';

type Config = Pick<OperatorConfig, 'routeOptimized'>;
type Endpoint = Pick<ServingEndpoint, 'metadata' | 'spec'>;

/** Returns the name of the endpoint's own Service. The CRD keeps names of endpoints to what a Service can be called. */
export const directServiceName = (endpoint: string): string => endpoint;

/** Returns the DNS names that the certificate of the sidecars has to have; none where callers do not come to them. */
export function directDnsNames(endpoint: Endpoint, { routeOptimized }: Config): string[] {
  if (!endpoint.spec.routeOptimized) return [];
  const { clusterDomain, domain } = routeOptimized;
  const host = serviceHost(endpoint);
  return [host, `${host}.${clusterDomain}`, ...(domain === undefined ? [] : [`${idOf(endpoint)}.${domain}`])];
}

/** Returns the namespaces that have route-optimised endpoints, in order. */
export function directNamespacesOf(endpoints: readonly ServingEndpoint[]): string[] {
  const direct = endpoints.filter(({ spec }) => spec.routeOptimized);
  return [...new Set(direct.map(({ metadata }) => metadata.namespace ?? ''))].sort();
}

/** Returns the DNS names under which gateways stand in for the sidecars of the namespaces. */
export function standInDnsNames(namespaces: readonly string[], { routeOptimized }: Config): string[] {
  const { clusterDomain, domain } = routeOptimized;
  const ofServices = namespaces.flatMap((namespace) => [
    `*.${namespace}.svc`,
    `*.${namespace}.svc.${clusterDomain}`,
  ]);
  return [...ofServices, ...(domain === undefined ? [] : [`*.${domain}`])];
}

/** Returns where callers send requests. */
export function directUrl(endpoint: Endpoint, { routeOptimized }: Config): string {
  const { port, domain } = routeOptimized;
  const host = domain === undefined ? serviceHost(endpoint) : `${idOf(endpoint)}.${domain}`;
  const { namespace = '' } = endpoint.metadata;
  const suffix = port === 443 ? '' : `:${port}`;
  return `https://${host}${suffix}/namespaces/${namespace}/serving-endpoints/${publicNameOf(endpoint)}/invocations`;
}

const serviceHost = ({ metadata }: Endpoint): string =>
  `${directServiceName(metadata.name)}.${metadata.namespace ?? ''}.svc`;

const idOf = ({ metadata }: Endpoint): string => (metadata.uid ?? '').replaceAll('-', '').toLowerCase();
