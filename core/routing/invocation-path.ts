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

/** At the host name of an endpoint, which says the rest. */
const atEndpoint = /^(?:\/served-models\/([A-Za-z0-9_-]{1,63}))?\/invocations\/?$/;

/** Returns what a path at the host name of an endpoint asks for; undefined when it is none. */
export function parseEndpointPath(path: string): { readonly servedEntity: string | undefined } | undefined {
  const match = atEndpoint.exec(path);
  return match === null ? undefined : { servedEntity: match[1] };
}

const grpcMethod = /^\/[A-Za-z_][A-Za-z0-9_.]{0,254}\/[A-Za-z_][A-Za-z0-9_]{0,254}$/;

/** Whether `path` is a method of gRPC: `/package.Service/Method`. */
export const isGrpcPath = (path: string): boolean => grpcMethod.test(path);

/** Returns what `path` (without query) asks for; undefined when it is no path of an endpoint. */
export function parseInvocationPath(path: string): InvocationTarget | undefined {
  const match = pattern.exec(path);
  if (match === null) return undefined;
  const [, namespace, endpoint, servedEntity] = match;
  return endpoint === undefined ? undefined : { namespace, endpoint, servedEntity };
}
