/** Owns the identity of the API: group, version, and the labels and annotations that Fairlead puts on objects. */

export const apiGroup = 'serving.fairlead.dev';
export const apiVersionName = 'v1alpha1';
export const apiVersion = `${apiGroup}/${apiVersionName}`;

export const labels = {
  /** The name of the ServingEndpoint that an object belongs to. */
  endpoint: `${apiGroup}/endpoint`,
  /** The name of the served entity within its endpoint. */
  servedEntity: `${apiGroup}/served-entity`,
  /** The name of the Deployment: selects the pods of exactly one deployed version of a served entity. */
  deployment: `${apiGroup}/deployment`,
  /** On a pod: callers come to its sidecar themselves, with data-plane tokens. */
  routeOptimized: `${apiGroup}/route-optimized`,
  /** On a pod: its model server has metrics, at /model/metrics of the sidecar's admin port. */
  modelMetrics: `${apiGroup}/model-metrics`,
  managedBy: 'app.kubernetes.io/managed-by',
  partOf: 'app.kubernetes.io/part-of',
} as const;

export const annotations = {
  /** On a ServingEndpoint: the user who created it; noted by the admission webhook, and nobody's to change. */
  creator: `${apiGroup}/creator`,
  /** On a ServingEndpoint: the config version whose update is to be cancelled: the active config comes back. */
  cancelUpdate: `${apiGroup}/cancel-update`,
  /** On a ServingEndpoint: any new value lets a config version that was given up be tried again. */
  retryUpdate: `${apiGroup}/retry-update`,
  /** On the Secret of the authority or of the data-plane keys: any new value has what it holds replaced, with overlap. */
  rotate: `${apiGroup}/rotate`,
  /** On the same: the last value of `rotate` that was acted on. */
  rotated: `${apiGroup}/rotated`,
  /** On a ControllerRevision: when its config version last became active (RFC 3339). */
  activeSince: `${apiGroup}/active-since`,
  /** On a Deployment: the config version that first needed it. */
  configVersion: `${apiGroup}/config-version`,
  /** On a Deployment: why its scale was last changed by Fairlead, and when (RFC 3339). */
  lastScaled: `${apiGroup}/last-scaled`,
} as const;
