/** Owns the EndpointSlices by which gateways stand in at the Service of an endpoint whose sidecars are at zero. */
import type { EndpointSlice } from '../../kube/kinds.ts';
import { endpointLabels, fieldManager } from '../serving-endpoint/names.ts';
import { ownerReference } from '../serving-endpoint/resources/owner.ts';
import type { EndpointIdentity } from '../serving-endpoint/resources/owner.ts';
import { directServiceName } from './direct-names.ts';
import { directPortName } from './make-direct-service.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';
/** Kubernetes' own controller leaves slices alone that somebody else manages. */
const managerLabel = 'endpointslice.kubernetes.io/managed-by';

/** The port of gateways that serves callers of route-optimised endpoints. */
const gatewayPortName = 'direct';

/** Returns the slices: one for each of `gateways`, those of the gateways' own Service, with the gateways that are ready. */
export function makeGatewaySlices(
  endpoint: EndpointIdentity,
  gateways: readonly EndpointSlice[],
): EndpointSlice[] {
  const service = directServiceName(endpoint.name);
  return gateways.flatMap((slice, index) => {
    const port = slice.ports?.find(({ name }) => name === gatewayPortName)?.port;
    const ready = (slice.endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false && conditions?.terminating !== true)
      .map(({ addresses }) => [...addresses])
      .sort();
    if (port === undefined || ready.length === 0) return [];
    return [
      {
        metadata: {
          name: `${service}-gateways-${index}`,
          namespace: endpoint.namespace,
          labels: {
            ...endpointLabels(endpoint.name),
            [serviceNameLabel]: service,
            [managerLabel]: fieldManager,
          },
          ownerReferences: [ownerReference(endpoint)],
        },
        addressType: slice.addressType,
        ports: [{ name: directPortName, port, protocol: 'TCP' }],
        endpoints: ready.map((addresses) => ({ addresses, conditions: { ready: true } })),
      },
    ];
  });
}
