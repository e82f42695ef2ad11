/** Owns what a connection to a cluster needs: the address, the TLS material and the headers that say who we are. */

export interface ClusterTls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  /** The name that the server's certificate must carry, where it differs from the host of the address. */
  readonly servername?: string;
  /** False only where the user asked for `insecure-skip-tls-verify`. */
  readonly rejectUnauthorized?: boolean;
}

export interface Credentials {
  /** The same object as long as the material is the same: the transport makes new connections when it changes. */
  readonly tls: ClusterTls;
  /** Headers for every request: `authorization`, `impersonate-user`. Never logged. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One cluster as one user sees it. */
export interface ClusterAccess {
  /** Scheme, host, port and optional path prefix, without a slash at the end. */
  readonly baseUrl: string;
  /** The namespace of the kubeconfig's context or of the ServiceAccount. */
  readonly defaultNamespace: string;
  /**
   * Returns the credentials to use now; cheap enough for every request.
   *
   * @throws AppError `KUBE_CREDENTIALS_UNREADABLE` when there are none to use.
   */
  credentials(): Promise<Credentials>;
  /** Forgets what is cached, because the server answered 401: the next `credentials()` reads anew. */
  invalidate(): void;
}
