/** Owns the reasons that conditions and served entities give: CamelCase constants that never change their meaning. */

/** Reasons of the condition Ready. Where it is False for a named cause, it repeats that cause (`entityReasons`). */
export const readyReasons = {
  /** Every entity of the active config answers. */
  serving: 'Serving',
  /** Nothing runs because nobody asks; the next request wakes it. */
  scaledToZero: 'ScaledToZero',
  /** The first config version is still being brought up. */
  deploying: 'Deploying',
  /** The active config stands, but not enough of its replicas answer. */
  replicasUnavailable: 'ReplicasUnavailable',
  /** Operator and sidecars cannot trust one another yet. */
  certificatesNotReady: 'CertificatesNotReady',
  /** Another endpoint of the namespace has the public name. */
  nameTaken: 'NameTaken',
  /** The spec is not one that this version of Fairlead can read. */
  specInvalid: 'SpecInvalid',
} as const;

/** Reasons of the condition ConfigUpdate. */
export const configUpdateReasons = {
  /** The newest config version is active. */
  upToDate: 'UpToDate',
  /** A newer config version is being brought up; the active one serves meanwhile. */
  inProgress: 'InProgress',
  /** The newest config version was given up; the active one, where there is one, goes on. */
  updateFailed: 'UpdateFailed',
} as const;

/** Reasons of the condition TrafficRouted. */
export const trafficReasons = {
  /** The traffic follows the active config. */
  routed: 'Routed',
  /** No config version was ever active. */
  noActiveConfig: 'NoActiveConfig',
} as const;

/** Reasons of the condition Autoscaling. */
export const autoscalingReasons = {
  /** The autoscaler follows demand. */
  followingDemand: 'FollowingDemand',
  /** At zero the autoscaler rests. */
  scaledToZero: 'ScaledToZero',
  /** Not judged yet. */
  pending: 'Pending',
  /** The autoscaler cannot read the demand; the scale stays as it is. */
  metricsUnavailable: 'MetricsUnavailable',
  /** external.metrics.k8s.io of this cluster belongs to somebody else. */
  metricsApiTaken: 'MetricsApiTaken',
} as const;

/** Reasons of the condition CertificatesReady. */
export const certificateReasons = {
  issued: 'Issued',
  issueFailed: 'IssueFailed',
} as const;

/** Reasons of the condition FieldsSupported. */
export const fieldReasons = {
  allSupported: 'AllFieldsSupported',
  notYetSupported: 'NotYetSupported',
} as const;

/** Reasons of one served entity's state: what it waits for, or why it failed. */
export const entityReasons = {
  /** It answers. */
  serving: 'Serving',
  scaledToZero: 'ScaledToZero',
  /** A replica is being started for a request that waits. */
  waking: 'Waking',
  /** Its objects are being made, or its pod is being started. */
  starting: 'Starting',
  /** A container failed once and is tried again. */
  retrying: 'Retrying',
  /** No node has taken the pod yet. */
  waitingForNode: 'WaitingForNode',
  /** No node can take the pod. */
  unschedulable: 'Unschedulable',
  /** An image cannot be pulled. */
  imagePullFailed: 'ImagePullFailed',
  /** The pod cannot start as written: a Secret or key is missing, a volume cannot be mounted. */
  podConfigInvalid: 'PodConfigInvalid',
  fetchingModel: 'FetchingModel',
  /** The model does not exist, or cannot be read. */
  modelFetchFailed: 'ModelFetchFailed',
  loadingModel: 'LoadingModel',
  /** The model server refuses the model, or ends before it is ready. */
  modelLoadFailed: 'ModelLoadFailed',
  /** The model server was ready and then kept crashing. */
  crashLoop: 'CrashLoop',
  /** The sidecar ends or does not start. */
  sidecarFailed: 'SidecarFailed',
  outOfMemory: 'OutOfMemory',
  /** It was not ready within the time that an update may take. */
  deadlineExceeded: 'DeadlineExceeded',
  /** The named runtime does not exist, or is disabled, or does not serve the format. */
  runtimeUnsuitable: 'RuntimeUnsuitable',
  /** No runtime serves the format. */
  noRuntimeForFormat: 'NoRuntimeForFormat',
  /** An object with the name that Fairlead needs belongs to somebody else. */
  notOwned: 'NotOwned',
  /** The API server refuses an object: a quota, a policy, a webhook, or an overlay that does not fit. */
  objectRefused: 'ObjectRefused',
  /** This version of Fairlead does not serve this kind of entity yet. */
  notYetSupported: 'NotYetSupported',
} as const;

/** Reasons of the kstatus conditions Reconciling and Stalled; Stalled repeats the cause where it has a name. */
export const progressReasons = {
  reconciling: 'Progressing',
  stalled: 'ChangeNeeded',
} as const;

export type EntityReason = (typeof entityReasons)[keyof typeof entityReasons];
