/** Owns the EndpointSlices by which gateways stand in at the Service of an endpoint whose sidecars are at zero. */
import type { EndpointSlice } from '../../kube/kinds.ts';
import { endpointLabels, fieldManager, sliceManagerLabel } from '../serving-endpoint/names.ts';
import { ownerReference } from '../serving-endpoint/resources/owner.ts';
import type { EndpointIdentity } from '../serving-endpoint/resources/owner.ts';
import { directServiceName } from './direct-names.ts';
import { directPortName } from './make-direct-service.ts';

const serviceNameLabel = 'kubernetes.io/service-name';

/** The port of gateways that serves callers of route-optimised endpoints. */
const gatewayPortName = 'direct';

interface Group {
  readonly addressType: EndpointSlice['addressType'];
  readonly port: number;
  readonly addresses: string[];
}

/**
 * Returns the slices with the gateways that are ready, of all slices of their Service: one for each type of
 * address and port. What cannot be changed in a slice is part of its name, so that none ever has to be replaced.
 */
export function makeGatewaySlices(
  endpoint: EndpointIdentity,
  gateways: readonly EndpointSlice[],
): EndpointSlice[] {
  const service = directServiceName(endpoint.name);
  return groupsOf(gateways).map(({ addressType, port, addresses }) => ({
    metadata: {
      name: `${service}-gateways-${addressType.toLowerCase()}-${port}`,
      namespace: endpoint.namespace,
      labels: {
        ...endpointLabels(endpoint.name),
        [serviceNameLabel]: service,
        [sliceManagerLabel]: fieldManager,
      },
      ownerReferences: [ownerReference(endpoint)],
    },
    addressType,
    ports: [{ name: directPortName, port, protocol: 'TCP' }],
    endpoints: addresses.sort().map((address) => ({ addresses: [address], conditions: { ready: true } })),
  }));
}

function groupsOf(gateways: readonly EndpointSlice[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { addressType, ports, endpoints } of gateways) {
    const port = ports?.find(({ name }) => name === gatewayPortName)?.port;
    // Of several addresses of one endpoint only the first has a meaning.
    const ready = (endpoints ?? []).filter(isReady).flatMap(({ addresses }) => addresses.slice(0, 1));
    if (port === undefined || ready.length === 0) continue;
    const key = `${addressType} ${port}`;
    const group = groups.get(key) ?? { addressType, port, addresses: [] };
    group.addresses.push(...ready);
    groups.set(key, group);
  }
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => group);
}

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];

const isReady = ({ conditions }: Endpoint): boolean =>
  conditions?.ready !== false && conditions?.terminating !== true;
