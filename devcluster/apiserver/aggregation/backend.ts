/** Owns where an aggregated API is served: from an APIService to a ready endpoint of its Service. */
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

/** Returns the first ready endpoint. @throws ApiError 503 naming what is missing. */
export function findBackend(store: ObjectStore, apiService: KubeObject): Backend {
  const spec = objectAt(apiService, 'spec');
  const reference = objectAt(spec, 'service');
  const [namespace, name] = [String(reference['namespace']), String(reference['name'])];
  const service = store.get('services', namespace, name);
  if (service === undefined) throw serviceUnavailable(`service/${name} in "${namespace}" is not present`);
  const wanted = Number(reference['port'] ?? 443);
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
  const bundle = spec['caBundle'];
  return {
    ...endpoint,
    serverName: `${name}.${namespace}.svc`,
    ...(typeof bundle === 'string' ? { caPem: Buffer.from(bundle, 'base64').toString('utf8') } : {}),
    verify: spec['insecureSkipTLSVerify'] !== true,
  };
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
