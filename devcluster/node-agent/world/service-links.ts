/** Owns the environment variables by which a pod finds Services without DNS. Pure. */
import type { Service } from '../../controllers/objects/kinds.ts';

/**
 * Returns the variables of all Services of the pod's namespace that have a cluster IP, and of `default/kubernetes` for
 * every pod; `enableServiceLinks: false` leaves only the latter.
 */
export function serviceLinks(
  services: readonly Service[],
  namespace: string,
  enabled: boolean,
): Record<string, string> {
  const variables: Record<string, string> = {};
  const isMaster = (service: Service): boolean =>
    service.metadata.namespace === 'default' && service.metadata.name === 'kubernetes';
  for (const service of services) {
    const linked = isMaster(service) || (enabled && service.metadata.namespace === namespace);
    if (linked) Object.assign(variables, variablesOf(service));
  }
  return variables;
}

function variablesOf(service: Service): Record<string, string> {
  const host = service.spec.clusterIP ?? '';
  const ports = service.spec.ports ?? [];
  const [first] = ports;
  if (host === '' || host === 'None' || first === undefined) return {};
  const name = variableName(service.metadata.name);
  const variables: Record<string, string> = {
    [`${name}_SERVICE_HOST`]: host,
    [`${name}_SERVICE_PORT`]: String(first.port),
    [`${name}_PORT`]: `${(first.protocol ?? 'TCP').toLowerCase()}://${host}:${first.port}`,
  };
  for (const port of ports) {
    const protocol = port.protocol ?? 'TCP';
    const prefix = `${name}_PORT_${port.port}_${protocol}`;
    if (port.name !== undefined && port.name !== '') {
      variables[`${name}_SERVICE_PORT_${variableName(port.name)}`] = String(port.port);
    }
    variables[prefix] = `${protocol.toLowerCase()}://${host}:${port.port}`;
    variables[`${prefix}_PROTO`] = protocol.toLowerCase();
    variables[`${prefix}_PORT`] = String(port.port);
    variables[`${prefix}_ADDR`] = host;
  }
  return variables;
}

const variableName = (name: string): string => name.toUpperCase().replace(/-/g, '_');
