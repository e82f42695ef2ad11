/** Owns how an operator tells the others where it is reached: in its identity as the holder of the lease. */

/** Returns the identity of a candidate: `<pod>_<host:port>` of its demand server. */
export function leaderIdentityOf(podName: string, host: string, port: number): string {
  return `${podName}_${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Returns `host:port` of the holder of the lease; undefined where nobody holds it or it tells no address. */
export function leaderAddressOf(identity: string | undefined): string | undefined {
  const separator = identity?.indexOf('_') ?? -1;
  return separator === -1 ? undefined : identity?.slice(separator + 1);
}
