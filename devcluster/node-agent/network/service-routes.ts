/** Owns where a Service's ports lead: the endpoints behind each address and port. Pure. */
import type { Endpoint, EndpointSlice, Service } from '../../controllers/objects/kinds.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Route {
  /** The cluster IP. */
  readonly host: string;
  readonly port: number;
  readonly targets: readonly Target[];
}

/**
 * Returns the TCP routes of a Service with a cluster IP: one for each port, with its ready endpoints. Where none is
 * ready, those that end but still serve are better than nothing, as kube-proxy has it.
 */
export function routesOf(service: Service, slices: readonly EndpointSlice[]): Route[] {
  const { clusterIP = '', type } = service.spec;
  if (clusterIP === '' || clusterIP === 'None' || type === 'ExternalName') return [];
  return (service.spec.ports ?? [])
    .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
    .map(({ name = '', port }) => ({ host: clusterIP, port, targets: targetsOf(name, slices) }));
}

function targetsOf(portName: string, slices: readonly EndpointSlice[]): Target[] {
  const behind = slices.flatMap((slice) => {
    const port = slice.ports?.find(({ name = '' }) => name === portName)?.port;
    return port === undefined ? [] : (slice.endpoints ?? []).map((endpoint) => ({ endpoint, port }));
  });
  const ready = behind.filter(({ endpoint }) => endpoint.conditions?.ready !== false);
  const chosen = ready.length > 0 ? ready : behind.filter(({ endpoint }) => isEnding(endpoint));
  return chosen.flatMap(({ endpoint, port }) => endpoint.addresses.map((host) => ({ host, port })));
}

const isEnding = ({ conditions }: Endpoint): boolean =>
  conditions?.terminating === true && conditions.serving === true;
