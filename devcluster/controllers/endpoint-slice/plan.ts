/** Owns which EndpointSlices a Service has: its pods' addresses, grouped by the ports that they resolve to. Pure. */
import { createHash } from 'node:crypto';
import type { ObjectInput } from '../../apiserver/objects/kube-object.ts';
import type { Endpoint, EndpointPort, EndpointSlice, Pod, Service } from '../objects/kinds.ts';
import { makeControllerReference } from '../objects/ownership.ts';
import { isReady } from '../replica-set/plan.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const managedBy = 'endpointslice-controller.k8s.io';
const headlessLabel = 'service.kubernetes.io/headless';

/** Kubernetes' own limit for one slice by default. */
const maxEndpoints = 100;

/** Returns the slices that `service` should have for `pods` (those that its selector matches). */
export function makeEndpointSlices(service: Service, pods: readonly Pod[]): ObjectInput<EndpointSlice>[] {
  const groups = new Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }>();
  const sorted = [...pods].sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
  for (const pod of sorted) {
    if (!isAddressed(pod)) continue;
    const ports = portsOf(service, pod);
    const group = groups.get(JSON.stringify(ports)) ?? { ports, endpoints: [] };
    group.endpoints.push(makeEndpoint(service, pod));
    groups.set(JSON.stringify(ports), group);
  }
  if (groups.size === 0) {
    // The ports that need no pod to be known: the slice keeps its name when the first pod comes.
    const ports = portsOf(service, undefined);
    groups.set(JSON.stringify(ports), { ports, endpoints: [] });
  }
  return [...groups].flatMap(([key, { ports, endpoints }]) =>
    chunks(endpoints).map((chunk, index) => makeSlice(service, `${key}/${index}`, ports, chunk)),
  );
}

function isAddressed(pod: Pod): boolean {
  const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  return !ended && (pod.status?.podIP ?? '') !== '';
}

function makeEndpoint(service: Service, pod: Pod): Endpoint {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  const { namespace, name, uid } = pod.metadata;
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: {
      ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(pod.spec.hostname === undefined ? {} : { hostname: pod.spec.hostname }),
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', name, uid, ...(namespace === undefined ? {} : { namespace }) },
  };
}

/** A port that the pod has no container port of that name for is left out, as in Kubernetes. */
function portsOf(service: Service, pod: Pod | undefined): EndpointPort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const protocol = port.protocol ?? 'TCP';
    const target = port.targetPort ?? port.port;
    const number = typeof target === 'number' ? target : namedPort(pod, target, protocol);
    if (number === undefined) return [];
    const appProtocol = port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol };
    return [{ name: port.name ?? '', port: number, protocol, ...appProtocol }];
  });
}

function namedPort(pod: Pod | undefined, name: string, protocol: string): number | undefined {
  if (pod === undefined) return undefined;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...pod.spec.containers, ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .find((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)?.containerPort;
}

function chunks(endpoints: readonly Endpoint[]): Endpoint[][] {
  const count = Math.max(1, Math.ceil(endpoints.length / maxEndpoints));
  return Array.from({ length: count }, (_, index) =>
    endpoints.slice(index * maxEndpoints, (index + 1) * maxEndpoints),
  );
}

function makeSlice(
  service: Service,
  identity: string,
  ports: EndpointPort[],
  endpoints: Endpoint[],
): ObjectInput<EndpointSlice> {
  const { name, namespace = '', uid } = service.metadata;
  const suffix = createHash('sha256').update(`${uid}/${identity}`).digest('hex').slice(0, 5);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${suffix}`,
      namespace,
      labels: {
        ...service.metadata.labels,
        [serviceNameLabel]: name,
        [managedByLabel]: managedBy,
        ...(service.spec.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
      },
      ownerReferences: [makeControllerReference(service)],
    },
    addressType: 'IPv4',
    endpoints,
    ports,
  };
}
