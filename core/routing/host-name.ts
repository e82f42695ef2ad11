/** Owns the host names by which namespaces and endpoints are asked: `<namespace>.<domain>`, `<endpoint>.<namespace>.<domain>`. */

/** What the host name of a request asks for. */
export interface HostTarget {
  readonly namespace: string;
  /** The endpoint's public name as a host name has it, in lower case; absent: the path says which. */
  readonly endpoint: string | undefined;
}

const namespacePattern = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
/** Public names have underscores, which host names in URLs may have, too. */
const endpointPattern = /^[a-z0-9_-]{1,63}$/;

/**
 * Returns what `host` (with or without a port; the value of Host or :authority) asks for; undefined where it is no name
 * below `domain`, so that the path or the default decides.
 */
export function parseHostName(host: string, domain: string): HostTarget | undefined {
  const name = host
    .toLowerCase()
    .replace(/:[0-9]*$/, '')
    .replace(/\.$/, '');
  if (!name.endsWith(`.${domain}`)) return undefined;
  const labels = name.slice(0, -domain.length - 1).split('.');
  const namespace = labels.at(-1) ?? '';
  const [endpoint] = labels.length === 2 ? labels : [];
  if (labels.length > 2 || !namespacePattern.test(namespace)) return undefined;
  if (endpoint !== undefined && !endpointPattern.test(endpoint)) return undefined;
  return { namespace, endpoint };
}
