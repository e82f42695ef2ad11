/** Owns the paths of a sidecar's data port, where the gateway and the sidecar meet. */

/** Takes what the gateway forwards. */
export const forwardedPath = '/invocations';

/** Answers 200 as soon as the sidecar is ready, and 503 after a while: for those who hold requests. */
export const awaitReadyPath = '/await-ready';
