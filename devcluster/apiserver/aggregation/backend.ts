/** Owns where a Service is answered, for this server's own calls: aggregated APIs and webhooks. */
import { serviceUnavailable } from '../errors/api-error.ts';
import { objectAt, objectsAt } from '../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import { parseLabelSelector } from '../selectors/label-selector.ts';
import type { ObjectStore } from '../storage/object-store.ts';

export interface Backend {
  readonly host: string;
  readonly port: number;
  /** The name that the backend's certificate is checked for. */
  readonly serverName: string;
  /** Absent: the certificate is not checked (`verify` false), or against the system's authorities. */
  readonly caPem?: string;
  readonly verify: boolean;
}

const slicesStorage = 'endpointslices.discovery.k8s.io';

/** Names a port of a Service. */
export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** Returns where an APIService is served. @throws ApiError 503 naming what is missing. */
export function findBackend(store: ObjectStore, apiService: KubeObject): Backend {
  const spec = objectAt(apiService, 'spec');
  const { namespace, name, port } = objectAt(spec, 'service');
  const bundle = spec['caBundle'];
  return {
    ...findEndpoint(store, {
      namespace: String(namespace),
      name: String(name),
      port: Number(port ?? 443),
    }),
    ...(typeof bundle === 'string' ? { caPem: Buffer.from(bundle, 'base64').toString('utf8') } : {}),
    verify: spec['insecureSkipTLSVerify'] !== true,
  };
}

/** Returns the first ready endpoint behind a port of a Service. @throws ApiError 503 naming what is missing. */
export function findEndpoint(
  store: ObjectStore,
  { namespace, name, port: wanted }: ServicePort,
): Pick<Backend, 'host' | 'port' | 'serverName'> {
  const service = store.get('services', namespace, name);
  if (service === undefined) throw serviceUnavailable(`service/${name} in "${namespace}" is not present`);
  const port = objectsAt(objectAt(service, 'spec'), 'ports').find((each) => each['port'] === wanted);
  if (port === undefined) {
    throw serviceUnavailable(`service/${name} in "${namespace}" is not listening on port ${wanted}`);
  }
  const endpoint = readyEndpoint(store, { namespace, name }, port);
  if (endpoint === undefined) {
    throw serviceUnavailable(
      `endpoints for service/${name} in "${namespace}" have no addresses with port name "${portName(port)}"`,
    );
  }
  return { ...endpoint, serverName: `${name}.${namespace}.svc` };
}

const portName = (port: JsonObject): string => (typeof port['name'] === 'string' ? port['name'] : '');

function readyEndpoint(
  store: ObjectStore,
  service: { readonly namespace: string; readonly name: string },
  servicePort: JsonObject,
): { readonly host: string; readonly port: number } | undefined {
  const isOwn = parseLabelSelector(`kubernetes.io/service-name=${service.name}`);
  const slices = store
    .list(slicesStorage, service.namespace)
    .items.filter((slice) => isOwn(slice.metadata.labels));
  for (const slice of slices as unknown as JsonObject[]) {
    const port = objectsAt(slice, 'ports').find((each) => portName(each) === portName(servicePort));
    const ready = objectsAt(slice, 'endpoints').find(
      (each) => objectAt(each, 'conditions')['ready'] !== false,
    );
    const addresses = ready?.['addresses'];
    const [host] = Array.isArray(addresses) ? (addresses as unknown[]) : [];
    if (typeof host === 'string' && port !== undefined) return { host, port: Number(port['port']) };
  }
  return undefined;
}
