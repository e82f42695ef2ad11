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
  /** The newest config version cannot be brought up; the active one, where there is one, goes on. */
  updateFailed: 'UpdateFailed',
  /** The newest config version was cancelled; the active one was written back into the spec. */
  updateCanceled: 'UpdateCanceled',
  /** The newest config version was cancelled; the active one may not be written back into the spec. */
  cancelRefused: 'CancelRefused',
  /** The newest config version is brought up once the endpoint is started. */
  suspended: 'Suspended',
} as const;

/** Reasons of the condition TrafficRouted. */
export const trafficReasons = {
  /** The traffic follows the active config. */
  routed: 'Routed',
  /** No config version was ever active. */
  noActiveConfig: 'NoActiveConfig',
  /** The endpoint is stopped. */
  suspended: 'Suspended',
  /** The endpoint was stopped and is being started again. */
  resuming: 'Resuming',
} as const;

/** Reasons of the condition Autoscaling. */
export const autoscalingReasons = {
  /** The autoscaler follows demand. */
  followingDemand: 'FollowingDemand',
  /** At zero the autoscaler rests. */
  scaledToZero: 'ScaledToZero',
  /** The endpoint is stopped and does not scale. */
  suspended: 'Suspended',
  /** Not judged yet. */
  pending: 'Pending',
  /** The autoscaler cannot read the demand; the scale stays as it is. */
  metricsUnavailable: 'MetricsUnavailable',
  /** external.metrics.k8s.io of this cluster belongs to somebody else; the operator scales itself. */
  metricsApiTaken: 'MetricsApiTaken',
  /** Nobody serves external.metrics.k8s.io in this cluster; the operator scales itself. */
  metricsApiMissing: 'MetricsApiMissing',
  /** There are as many replicas as there may be, and demand asks for more. */
  atMaximum: 'AtMaximum',
  /** An annotation of the endpoint holds the scale still. */
  paused: 'Paused',
  /** The annotation that holds the scale still has a value that nobody knows. */
  pauseUnknown: 'PauseUnknown',
  /** An autoscaler of somebody else scales the same Deployment. */
  autoscalerConflict: 'AutoscalerConflict',
  /** The autoscaler may not read or write the scale. */
  scaleRefused: 'ScaleRefused',
} as const;

/** Reasons of the condition CertificatesReady. */
export const certificateReasons = {
  /** The certificate of the sidecars is valid. */
  issued: 'Issued',
  /** It cannot be made or renewed. */
  issueFailed: 'IssueFailed',
} as const;

/** Reasons of the condition DirectAccess. Where it is False it repeats a reason of served entities (`entityReasons`). */
export const directAccessReasons = {
  /** The endpoint's own Service leads to whoever answers. */
  serviceReady: 'ServiceReady',
  /** No sidecar answers, and gateways have no certificate yet to stand in with. */
  certificatePending: 'CertificatePending',
} as const;

/** Reasons of the condition LimitsExact. */
export const limitReasons = {
  /** The store that limits are counted in answers every gateway. */
  storeReachable: 'StoreReachable',
  /** It does not answer a gateway, which counts by shares meanwhile. */
  storeUnavailable: 'StoreUnavailable',
} as const;

/** Reasons of the condition FieldsSupported. */
export const fieldReasons = {
  /** Every field of the spec is acted on. */
  allSupported: 'AllFieldsSupported',
  /** Fields of the spec are kept and not acted on yet. */
  notYetSupported: 'NotYetSupported',
} as const;

/** Reasons of one served entity's state: what it waits for, or why it failed. */
export const entityReasons = {
  /** It answers. */
  serving: 'Serving',
  /** No replica runs because nobody asks. */
  scaledToZero: 'ScaledToZero',
  /** A replica is being started for a request that waits. */
  waking: 'Waking',
  /** The endpoint is stopped. */
  suspended: 'Suspended',
  /** Its objects are being made, or its pod is being started. */
  starting: 'Starting',
  /** A container failed once and is tried again. */
  retrying: 'Retrying',
  /** Objects of an earlier endpoint of the same name have yet to go. */
  waitingForCleanup: 'WaitingForCleanup',
  /** No node can take the pod. */
  unschedulable: 'Unschedulable',
  /** An image cannot be pulled. */
  imagePullFailed: 'ImagePullFailed',
  /** The pod cannot start as written: a Secret or key is missing, a volume cannot be mounted. */
  podConfigInvalid: 'PodConfigInvalid',
  /** The model is being fetched. */
  fetchingModel: 'FetchingModel',
  /** There is no such model, or what there is is none. */
  modelNotFound: 'ModelNotFound',
  /** The source of the model refuses to hand it out. */
  modelAccessDenied: 'ModelAccessDenied',
  /** The model does not fit on the pod's disk. */
  storageFull: 'StorageFull',
  /** The model cannot be fetched for another cause. */
  modelFetchFailed: 'ModelFetchFailed',
  /** The model server is starting and loading the model. */
  loadingModel: 'LoadingModel',
  /** The model server refuses the model, or ends before it is ready. */
  modelLoadFailed: 'ModelLoadFailed',
  /** The model server was ready and then kept crashing. */
  crashLoop: 'CrashLoop',
  /** The model server runs and does not answer its probe. */
  probeFailed: 'ProbeFailed',
  /** The sidecar ends or does not start. */
  sidecarFailed: 'SidecarFailed',
  /** A container used more memory than it may. */
  outOfMemory: 'OutOfMemory',
  /** It was not ready within the time that an update may take. */
  deadlineExceeded: 'DeadlineExceeded',
  /** The named runtime does not exist, or is disabled, or does not serve the format. */
  runtimeUnsuitable: 'RuntimeUnsuitable',
  /** The template of the entity replaces what is Fairlead's own: the sidecar, the fetcher. */
  templateRefused: 'TemplateRefused',
  /** The operator's configuration does not know the workload type. */
  workloadTypeUnknown: 'WorkloadTypeUnknown',
  /** No runtime serves the format. */
  noRuntimeForFormat: 'NoRuntimeForFormat',
  /** An object with the name that Fairlead needs belongs to somebody else. */
  notOwned: 'NotOwned',
  /** A quota of the namespace leaves no room for the pods. */
  quotaExceeded: 'QuotaExceeded',
  /** A limit range of the namespace does not allow pods of that size. */
  limitRangeViolated: 'LimitRangeViolated',
  /** Pod Security or another admission policy of the cluster refuses the pods. */
  podRefused: 'PodRefused',
  /** The API server refuses an object: a policy, a webhook, or an overlay that does not fit. */
  objectRefused: 'ObjectRefused',
  /** This version of Fairlead does not serve this kind of entity yet. */
  notYetSupported: 'NotYetSupported',
} as const;

/** Reasons of the kstatus condition Reconciling; Stalled repeats the cause of the condition that it speaks of. */
export const progressReasons = {
  /** Work goes on towards the spec. */
  reconciling: 'Progressing',
} as const;

/** Reasons of the condition Ready of a ServingRuntime or ClusterServingRuntime. */
export const runtimeReasons = {
  /** Endpoints can be served with it. */
  usable: 'Usable',
  /** It is kept from being chosen, as its spec asks for. */
  disabled: 'Disabled',
  /** No pod can be made of it. */
  invalid: 'Invalid',
} as const;

export type EntityReason = (typeof entityReasons)[keyof typeof entityReasons];
