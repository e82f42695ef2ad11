/** Owns what each reason means and what to do about it, for people and for the generated page; one text per reason, so it is longer. */
import type {
  autoscalingReasons,
  certificateReasons,
  configUpdateReasons,
  directAccessReasons,
  entityReasons,
  fieldReasons,
  limitReasons,
  progressReasons,
  readyReasons,
  runtimeReasons,
  trafficReasons,
} from './reasons.ts';
import { conditionTypes } from './condition.ts';

export interface ReasonText {
  /** What is so, in one sentence. */
  readonly cause: string;
  /** What to do; absent where nothing is to be done. */
  readonly remedy?: string;
}

/** The reasons of one condition, or of the states of served entities. */
export interface ReasonGroup {
  /** `Ready`, or `servedEntities[].state`. */
  readonly subject: string;
  readonly about: string;
  readonly texts: Readonly<Record<string, ReasonText>>;
}

/** A text for each reason: a new reason without one does not compile. */
type TextsOf<Reasons extends Readonly<Record<string, string>>> = Readonly<
  Record<Reasons[keyof Reasons], ReasonText>
>;

const readyTexts: TextsOf<typeof readyReasons> = {
  Serving: { cause: 'Every entity of the active config answers.' },
  ScaledToZero: { cause: 'Nothing runs because nobody asks; the next request wakes it.' },
  Deploying: { cause: 'The config is being brought up; nothing serves yet.' },
  ReplicasUnavailable: {
    cause: 'The config is active, but one of its entities has no replica that answers at the moment.',
    remedy: 'Wait for the new replica; the row of the entity says what it is waiting for.',
  },
  CertificatesNotReady: {
    cause: 'Operator and sidecars cannot trust one another yet.',
    remedy: 'See the condition CertificatesReady.',
  },
  NameTaken: {
    cause: 'Another endpoint of the namespace has the public name.',
    remedy: 'Choose another `spec.endpointName`, or delete the other endpoint.',
  },
  SpecInvalid: {
    cause: 'The spec, or the record of a config version, cannot be read by this version of Fairlead.',
    remedy: 'Install the CRDs that belong to this version, and correct the field that the message names.',
  },
};

const configUpdateTexts: TextsOf<typeof configUpdateReasons> = {
  UpToDate: { cause: 'The newest config version is active.' },
  InProgress: {
    cause: 'A newer config version is being brought up; the active one serves meanwhile.',
    remedy:
      'Wait, write another config, or cancel it with the annotation `serving.fairlead.dev/cancel-update: "<config version>"`.',
  },
  UpdateFailed: {
    cause:
      'The newest config version cannot be brought up, for the cause in the message. Where another version was active it was given up: its Deployments are gone and the active version goes on serving.',
    remedy:
      'Correct the spec; or put the cause right and set the annotation `serving.fairlead.dev/retry-update` to a new value; or go back to the active config. Where nothing was active yet it goes on by itself once the cause is gone.',
  },
  UpdateCanceled: {
    cause: 'The newest config version was cancelled; the active config was written back into the spec.',
    remedy: 'A spec that is kept elsewhere (in Git, say) has to be changed there too.',
  },
  CancelRefused: {
    cause:
      'The newest config version was cancelled: it is not brought up, and the active one goes on. But the API server refuses to have the active config written back into the spec, which therefore still asks for the cancelled one.',
    remedy:
      'Have the admission policy or the permission that the message names changed (it is tried again by itself), or write the active config into the spec yourself. To have the version brought up after all, remove the annotation `serving.fairlead.dev/cancel-update`.',
  },
  Suspended: {
    cause: 'The endpoint is stopped; the newest config version is brought up once it is started.',
    remedy: 'Set `spec.suspended` to false.',
  },
};

const trafficTexts: TextsOf<typeof trafficReasons> = {
  Routed: { cause: 'The traffic follows the active config.' },
  NoActiveConfig: {
    cause: 'No config version was ever active, so requests are refused.',
    remedy: 'See the condition ConfigUpdate.',
  },
  Suspended: {
    cause: 'The endpoint is stopped, so requests are refused.',
    remedy: 'Set `spec.suspended` to false.',
  },
  Resuming: {
    cause: 'The endpoint was stopped and is being started; requests are refused until all of it is ready.',
    remedy: 'Wait.',
  },
};

const autoscalingTexts: TextsOf<typeof autoscalingReasons> = {
  FollowingDemand: { cause: 'The number of replicas follows demand.' },
  ScaledToZero: { cause: 'At zero the autoscaler rests.' },
  Suspended: { cause: 'A stopped endpoint does not scale.' },
  Pending: { cause: 'The autoscaler has not judged yet.', remedy: 'Wait for half a minute.' },
  MetricsUnavailable: {
    cause: 'The autoscaler cannot read the demand; the scale stays as it is.',
    remedy:
      'Check that the operator runs and that `kubectl get --raw /apis/external.metrics.k8s.io/v1beta1` answers.',
  },
  MetricsApiTaken: {
    cause:
      'external.metrics.k8s.io of this cluster belongs to another adapter, so there are no HPAs and the operator scales itself, by the same arithmetic.',
    remedy:
      'Nothing; to have HPAs scale, let the APIService v1beta1.external.metrics.k8s.io point at fairlead-operator.',
  },
  MetricsApiMissing: {
    cause:
      'Nobody serves external.metrics.k8s.io in this cluster, so there are no HPAs and the operator scales itself, by the same arithmetic.',
    remedy: 'Nothing; to have HPAs scale, install the APIService that belongs to Fairlead.',
  },
  AtMaximum: {
    cause: 'There are as many replicas as there may be, and demand asks for more.',
    remedy: 'Raise `workload.size` or `workload.maxConcurrency`.',
  },
  Paused: {
    cause: 'The annotation `serving.fairlead.dev/autoscaling` of the endpoint holds the scale still.',
    remedy: 'Remove the annotation to go on.',
  },
  PauseUnknown: {
    cause:
      'The annotation `serving.fairlead.dev/autoscaling` has a value that means nothing, so nothing is held.',
    remedy: 'Use paused, paused-scale-in or paused-scale-out.',
  },
  AutoscalerConflict: {
    cause: 'An autoscaler of somebody else scales the same Deployment.',
    remedy: 'Delete the autoscaler that the message names.',
  },
  ScaleRefused: {
    cause: 'The autoscaler may not read or write the scale.',
    remedy: 'Give it the permission that the message names.',
  },
};

const certificateTexts: TextsOf<typeof certificateReasons> = {
  Issued: { cause: 'The certificate of the sidecars is valid.' },
  IssueFailed: {
    cause: 'The certificate of the sidecars cannot be made or renewed.',
    remedy: 'See the message: most likely the Secret `<endpoint>-sidecar-tls` belongs to somebody else.',
  },
};

const directAccessTexts: TextsOf<typeof directAccessReasons> = {
  ServiceReady: {
    cause: 'The Service of the endpoint leads to its sidecars, and to gateways while it is at zero.',
  },
  CertificatePending: {
    cause:
      'No sidecar is ready, and the certificate by which gateways stand in for them in this namespace is on its way to them: callers would be shown another one.',
    remedy: 'Wait for two or three minutes (once in each namespace), or for a sidecar to be ready.',
  },
};

const limitTexts: TextsOf<typeof limitReasons> = {
  StoreReachable: {
    cause: 'The store answers every gateway: all of them count in one place, and not a call too many passes.',
  },
  StoreUnavailable: {
    cause:
      'The store does not answer the gateways that the message names. Nobody is refused for it: until it is back each of them gives out its share of each limit, and together they let through no more than 1.1 times a limit in a minute.',
    remedy:
      'Have the Redis or Valkey server of `limits.store` looked at, and the way to it; the log of the gateway tells the cause, and so does the note in `/readyz` on its admin port.',
  },
};

const fieldTexts: TextsOf<typeof fieldReasons> = {
  AllFieldsSupported: { cause: 'Every field of the spec is acted on.' },
  NotYetSupported: {
    cause: 'The message names fields that are kept and not acted on yet.',
    remedy: 'Leave them out, or wait for a version of Fairlead that acts on them.',
  },
};

const entityTexts: TextsOf<typeof entityReasons> = {
  Serving: { cause: 'It answers.' },
  ScaledToZero: { cause: 'No replica runs because nobody asks; the next request starts one.' },
  Waking: { cause: 'A replica is being started for a request that waits.' },
  Suspended: { cause: 'The endpoint is stopped.', remedy: 'Set `spec.suspended` to false to start it.' },
  Starting: { cause: 'Its objects are being made, or its pod is being started.' },
  Retrying: { cause: 'A container failed once and is tried again.' },
  WaitingForCleanup: {
    cause: 'Objects of an earlier endpoint of the same name are still there; Kubernetes is removing them.',
    remedy:
      'Wait; it takes seconds. If it does not end, look for finalizers on the object that the message names.',
  },
  Unschedulable: {
    cause:
      'No node can take the pod; the message names the resource that is short, or the rule that no node meets.',
    remedy: 'Add such nodes, free the resource, or choose another workload type or size.',
  },
  ImagePullFailed: {
    cause: 'An image cannot be pulled.',
    remedy: 'Check the name of the image, that the nodes reach its registry, and the pull secrets.',
  },
  PodConfigInvalid: {
    cause:
      'A container cannot be started as written: a Secret or a key is missing, or a volume cannot be mounted.',
    remedy:
      'Correct the env, the credentials or the template of the entity, or make the object that is missing.',
  },
  FetchingModel: {
    cause:
      'The model is being fetched. The message says how far it is, and `fetch` of the served entity says it in numbers.',
  },
  ModelNotFound: {
    cause: 'There is nothing at the URI of the model (404), or what is there is not a model.',
    remedy: 'Correct `model.uri`, or register the model.',
  },
  ModelAccessDenied: {
    cause: 'The source of the model refuses to hand it out (401, 403).',
    remedy: 'Check `model.credentials` and what they permit, or the identity of the pod.',
  },
  StorageFull: {
    cause: 'The model does not fit on the disk that the pod may use.',
    remedy: 'Choose a larger workload type, or give the volume `model` more space in the template.',
  },
  ModelFetchFailed: {
    cause: 'The model cannot be fetched, for the cause that the fetcher tells in the message.',
    remedy: 'Check the source and the network; a server that was away is tried again by itself.',
  },
  LoadingModel: { cause: 'The model server is starting and loading the model.' },
  ModelLoadFailed: {
    cause: 'The model server refuses the model, or ends before it is ready.',
    remedy:
      'The message carries the last lines of its log; serve the model with the packages that it was trained with.',
  },
  CrashLoop: {
    cause: 'The model server was ready and then kept crashing.',
    remedy: 'The message carries the last lines of its log; `kubectl logs --previous` has the rest.',
  },
  ProbeFailed: {
    cause:
      'The model server runs and does not answer its probe in time, so it is restarted or gets no requests.',
    remedy: 'Look at its log for what it is busy with; give it a larger workload type, or more time to load.',
  },
  SidecarFailed: {
    cause: 'The sidecar ends or does not start.',
    remedy: 'The message carries the last lines of its log; please report it.',
  },
  OutOfMemory: {
    cause: 'A container used more memory than it may and was killed.',
    remedy: 'Choose a workload type with more memory.',
  },
  DeadlineExceeded: {
    cause: 'It was not ready within the time that an update may take.',
    remedy:
      'The message names the pods to look at; a slow download or load needs longer deadlines in the operator’s config.',
  },
  RuntimeUnsuitable: {
    cause:
      'The named runtime does not exist, is disabled, does not serve the format, or cannot be filled in.',
    remedy: 'Name another runtime in `model.runtime`, or none to have one chosen.',
  },
  TemplateRefused: {
    cause:
      'The template of the entity removes or replaces what Fairlead itself puts into the pod: the sidecar, its volumes, the fetcher of the model.',
    remedy:
      'Take that out of the template: of the containers sidecar and fetch-model it may set `resources`, and add to `env`, `envFrom` and `volumeMounts`.',
  },
  WorkloadTypeUnknown: {
    cause: "The operator's configuration does not know the workload type.",
    remedy:
      "Correct `workload.type`, or have the type added to `workloadTypes` of the operator's configuration.",
  },
  NoRuntimeForFormat: {
    cause: 'No ServingRuntime of the namespace and no ClusterServingRuntime serves the format of the model.',
    remedy: 'Install a runtime for it, or correct `model.format`.',
  },
  NotOwned: {
    cause: 'An object with the name that Fairlead needs belongs to somebody else; it is left alone.',
    remedy: 'Delete or rename that object, or the endpoint.',
  },
  QuotaExceeded: {
    cause: 'A ResourceQuota of the namespace leaves no room for the pods.',
    remedy: 'Have the quota raised, free some of it, or choose a smaller workload type or size.',
  },
  LimitRangeViolated: {
    cause: 'A LimitRange of the namespace does not allow pods of that size.',
    remedy: 'Choose another workload type, or have the LimitRange changed.',
  },
  PodRefused: {
    cause: 'Pod Security, or another admission policy of the cluster, refuses the pods.',
    remedy: 'Change what the message names in the template of the entity, or have the policy changed.',
  },
  ObjectRefused: {
    cause: 'The API server refuses an object: a policy, a webhook, or an overlay that does not fit.',
    remedy: 'Change what the message names.',
  },
  NotYetSupported: {
    cause: 'This version of Fairlead does not serve this kind of entity yet.',
    remedy: 'Serve a model by its URI.',
  },
};

const runtimeTexts: TextsOf<typeof runtimeReasons> = {
  Usable: { cause: 'Endpoints can be served with it.' },
  Disabled: { cause: 'It is kept from being chosen, as its spec asks for.' },
  Invalid: {
    cause: 'No pod can be made of it; the message names each fault. Endpoints that name it fail.',
    remedy: 'Correct what the message names.',
  },
};

const progressTexts: TextsOf<typeof progressReasons> = {
  Progressing: { cause: 'Work goes on towards the spec; the message says on what.' },
};

/** Every reason there is, in the order in which the page shows them. */
export const reasonGroups: readonly ReasonGroup[] = [
  {
    subject: conditionTypes.ready,
    about:
      'Whether every entity of the active config can answer. Where it is False for a named cause it repeats the reason of the served entity. Absent while the endpoint is stopped.',
    texts: readyTexts,
  },
  {
    subject: conditionTypes.configUpdate,
    about:
      'True while no config version waits to become active; False with the cause where the newest one failed.',
    texts: configUpdateTexts,
  },
  {
    subject: conditionTypes.trafficRouted,
    about: 'Whether requests are routed to the active config.',
    texts: trafficTexts,
  },
  { subject: conditionTypes.autoscaling, about: 'Whether replicas follow demand.', texts: autoscalingTexts },
  {
    subject: conditionTypes.certificatesReady,
    about: 'Whether the sidecars have a valid certificate.',
    texts: certificateTexts,
  },
  {
    subject: conditionTypes.directAccess,
    about:
      'Whether callers can reach the sidecars themselves, at `status.dataPlane.url`. Where it is False it gives the reason for which the Service cannot be made, as a served entity would; requests to the gateway are served all the same. Only of endpoints with `spec.routeOptimized`.',
    texts: directAccessTexts,
  },
  {
    subject: conditionTypes.limitsExact,
    about:
      'Whether gateways count the limits of the endpoint in their store. Present only where gateways have one (`limits.store`), of endpoints with `spec.rateLimits` that are not route-optimised. It follows the store after five seconds at the earliest, and changes every thirty seconds at most.',
    texts: limitTexts,
  },
  {
    subject: conditionTypes.fieldsSupported,
    about: 'Whether the spec asks only for what this version does.',
    texts: fieldTexts,
  },
  {
    subject: conditionTypes.reconciling,
    about: 'Present only while True: Fairlead is at work (kstatus: InProgress).',
    texts: progressTexts,
  },
  {
    subject: conditionTypes.stalled,
    about:
      'Present only while True: the work cannot go on without a change by somebody (kstatus: Failed). It repeats the reason of the condition or of the served entity that it speaks of.',
    texts: {},
  },
  {
    subject: 'servedEntities[].reason',
    about: 'What a served entity waits for, or why it failed. Its message carries the details.',
    texts: entityTexts,
  },
  {
    subject: 'Ready of a ServingRuntime or ClusterServingRuntime',
    about: 'Whether endpoints can be served with the runtime.',
    texts: runtimeTexts,
  },
];
