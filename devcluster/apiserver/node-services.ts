/** Owns what the API server asks of the node agent. */

/** What begins at `offset` of a log was written at `at`, in milliseconds since the epoch. */
export interface LogTime {
  readonly offset: number;
  readonly at: number;
}

export interface ContainerLog {
  /** The log file; it may not exist yet while the container has written nothing. */
  readonly path: string;
  /** False once the container has ended: a follower then reads to the end of the file and stops. */
  isRunning(): boolean;
  /** When its pieces were written, in order; absent where the node does not keep that. */
  times?(): readonly LogTime[];
}

export interface ContainerLogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** The log of the container's last instance before the current one. */
  readonly previous: boolean;
}

export interface NodeServices {
  /** Returns undefined where that container (or its previous instance) has not started on this node. */
  containerLog(request: ContainerLogRequest): ContainerLog | undefined;
}
