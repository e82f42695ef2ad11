/** Owns how long and how large what comes on one connection of a caller may be. */

export interface ConnectionLimits {
  /** For the handshake of TLS, in milliseconds. */
  readonly handshakeMs: number;
  /** Greatest head of a request, in bytes. */
  readonly headBytes: number;
  /** From the first byte of a request to the end of its head, in milliseconds. */
  readonly headMs: number;
  /** Between two pieces of a request's body. */
  readonly bodyIdleMs: number;
  /** Of a connection on which nothing is under way. */
  readonly idleMs: number;
  /** For reading what a caller still sends who has his answer already: closing at once might lose it to a reset. */
  readonly lingerMs: number;
  /** Of requests that come before the answer to the one under way; the rest waits in the kernel. */
  readonly pipelinedBytes: number;
  /** From the beginning of a drain to the end of WebSockets. */
  readonly tunnelDrainMs: number;
  /** Requests under way on one connection of HTTP/2. */
  readonly streams: number;
  /** Of a body that one request of HTTP/2 may send ahead. */
  readonly streamWindowBytes: number;
  /** Of a body that nobody takes yet. The rest waits in the kernel, where its sender cannot be seen going away. */
  readonly waitingBodyBytes: number;
}

export const usualLimits: ConnectionLimits = {
  handshakeMs: 10_000,
  headBytes: 32 * 1024,
  headMs: 30_000,
  bodyIdleMs: 30_000,
  // Longer than the idle time of usual load balancers, so that it is they who close first.
  idleMs: 75_000,
  lingerMs: 2_000,
  pipelinedBytes: 64 * 1024,
  tunnelDrainMs: 60_000,
  streams: 100,
  streamWindowBytes: 256 * 1024,
  waitingBodyBytes: 32 * 1024,
};
