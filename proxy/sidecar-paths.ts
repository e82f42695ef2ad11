/** Owns the paths of a sidecar's data port, where the gateway and the sidecar meet. */

/** Takes what the gateway forwards. */
export const forwardedPath = '/invocations';

/** Answers 200 as soon as the sidecar is ready, and 503 after a while: for those who hold requests. */
export const awaitReadyPath = '/await-ready';

/** Where it says so it also tells, in the form of `core/cold-start/timings.ts`, where the time of its start went. */
export const startTimesHeader = 'x-fairlead-start';
