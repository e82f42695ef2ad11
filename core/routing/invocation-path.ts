/** Owns the paths by which endpoints are queried: what a URL says about namespace, endpoint and served entity. */

/** What the path of a request asks for. */
export interface InvocationTarget {
  /** Absent: the host name or the configured default decides. */
  readonly namespace: string | undefined;
  /** The public name of the endpoint. */
  readonly endpoint: string;
  /** A served entity in particular; absent: the traffic split decides. */
  readonly servedEntity: string | undefined;
}

const pattern =
  /^(?:\/namespaces\/([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?))?\/serving-endpoints\/([A-Za-z0-9_-]{1,63})(?:\/served-models\/([A-Za-z0-9_-]{1,63}))?\/invocations\/?$/;

/** Returns what `path` (without query) asks for; undefined when it is no path of an endpoint. */
export function parseInvocationPath(path: string): InvocationTarget | undefined {
  const match = pattern.exec(path);
  if (match === null) return undefined;
  const [, namespace, endpoint, servedEntity] = match;
  return endpoint === undefined ? undefined : { namespace, endpoint, servedEntity };
}
