/** Owns where a Service's ports lead: the ready endpoints behind each address and port. Pure. */
import type { EndpointSlice, Service } from '../../controllers/objects/kinds.ts';

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

/** Returns the TCP routes of a Service with a cluster IP: one for each port, with its ready endpoints. */
export function routesOf(service: Service, slices: readonly EndpointSlice[]): Route[] {
  const { clusterIP = '', type } = service.spec;
  if (clusterIP === '' || clusterIP === 'None' || type === 'ExternalName') return [];
  return (service.spec.ports ?? [])
    .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
    .map(({ name = '', port }) => ({ host: clusterIP, port, targets: targetsOf(name, slices) }));
}

function targetsOf(portName: string, slices: readonly EndpointSlice[]): Target[] {
  return slices.flatMap((slice) => {
    const port = slice.ports?.find(({ name = '' }) => name === portName)?.port;
    if (port === undefined) return [];
    return (slice.endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses }) => addresses.map((host) => ({ host, port })));
  });
}
