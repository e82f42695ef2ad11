/** Owns the Service that leads callers to the sidecars of a route-optimised endpoint. */
import { labels } from '../../crds/schema/api.ts';
import type { Service } from '../../kube/kinds.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { endpointLabels, fieldManager } from '../serving-endpoint/names.ts';
import { dataPort } from '../serving-endpoint/resources/make-sidecar-container.ts';
import { ownerReference } from '../serving-endpoint/resources/owner.ts';
import type { EndpointIdentity } from '../serving-endpoint/resources/owner.ts';
import { directServiceName } from './direct-names.ts';

/** The name of its port, by which the slices of sidecars and of gateways are one Service. */
export const directPortName = 'https';

/**
 * Returns the Service: whichever of the endpoint's sidecars is ready, of whatever entity. Pods from before it became
 * route-optimised know no callers, hence the label.
 */
export function makeDirectService(
  endpoint: EndpointIdentity,
  { routeOptimized }: Pick<OperatorConfig, 'routeOptimized'>,
): Service {
  return {
    metadata: {
      name: directServiceName(endpoint.name),
      namespace: endpoint.namespace,
      labels: endpointLabels(endpoint.name),
      ownerReferences: [ownerReference(endpoint)],
    },
    spec: {
      type: 'ClusterIP',
      selector: {
        [labels.endpoint]: endpoint.name,
        [labels.managedBy]: fieldManager,
        [labels.routeOptimized]: 'true',
      },
      ports: [{ name: directPortName, port: routeOptimized.port, targetPort: dataPort, protocol: 'TCP' }],
    },
  };
}
