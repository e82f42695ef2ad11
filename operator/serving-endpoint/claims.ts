/** Owns what is claimed of an endpoint, condition by condition (kstatus-right at every phase). */
import { conditionTypes } from '../../crds/schema/condition.ts';
import {
  autoscalingReasons,
  certificateReasons,
  configUpdateReasons,
  entityReasons,
  fieldReasons,
  progressReasons,
  readyReasons,
  trafficReasons,
} from '../../crds/schema/reasons.ts';
import { unsupportedFieldsOf } from '../../crds/schema/unsupported-fields.ts';
import type { ServingEndpointSpec } from '../../crds/schema/serving-endpoint.ts';
import type { HorizontalPodAutoscaler } from '../../kube/kinds.ts';
import type { MetricsApiState } from '../metrics-adapter/reconcile-api-service.ts';
import { claim } from './conditions.ts';
import type { Claim } from './conditions.ts';
import type { EntityPlan } from './plan-entities.ts';
import type { Explanation } from './explanation.ts';

/** How it stands with the certificate of the sidecars. */
export interface CertificateState {
  /** Why it is not as it should be. */
  readonly problem: string | undefined;
  /** Whether the sidecars have one that is valid, be it not the newest. */
  readonly isUsable: boolean;
}

/** What the claims rest on: the plan as it came out, refusals included. */
export interface Outlook {
  readonly spec: ServingEndpointSpec;
  /** The version that serves once this reconcile has written its status. */
  readonly active: number | undefined;
  readonly target: number;
  /** Of the version that serves; of the target while none does. */
  readonly activeEntities: readonly EntityPlan[];
  readonly targetEntities: readonly EntityPlan[];
  readonly autoscalers: ReadonlyMap<string, HorizontalPodAutoscaler>;
  readonly certificate: CertificateState;
  readonly metricsApi: MetricsApiState;
}

/** Returns the claims about an endpoint that has a plan. */
export function claimsOf(outlook: Outlook): Claim[] {
  const ready = readyClaim(outlook);
  const update = updateClaim(outlook);
  return [
    ready,
    update,
    trafficClaim(outlook),
    autoscalingClaim(outlook),
    certificateClaim(outlook),
    fieldsClaim(outlook.spec),
    ...progressClaims(outlook, ready, update),
  ];
}

/** Returns the claims about an endpoint that nothing can be done for until somebody changes something. */
export function claimsOfBlocked(problem: Explanation, spec: ServingEndpointSpec | undefined): Claim[] {
  return [
    claim(conditionTypes.ready, 'False', problem.reason, problem.message),
    ...(spec === undefined ? [] : [fieldsClaim(spec)]),
    claim(conditionTypes.stalled, 'True', problem.reason, problem.message),
  ];
}

function readyClaim(outlook: Outlook): Claim {
  const { active, activeEntities, certificate } = outlook;
  const type = conditionTypes.ready;
  if (certificate.problem !== undefined && !certificate.isUsable) {
    return claim(type, 'False', readyReasons.certificatesNotReady, certificate.problem);
  }
  const broken = activeEntities.find(({ verdict }) => verdict.state === 'Failed');
  if (broken !== undefined) {
    return claim(type, 'False', broken.verdict.reason, tell(broken));
  }
  if (active === undefined) {
    const waiting = activeEntities.find(({ verdict }) => verdict.readiness !== 'ready');
    return claim(type, 'False', readyReasons.deploying, waiting === undefined ? '' : tell(waiting));
  }
  const missing = activeEntities.find(({ verdict }) => !answers(verdict.state));
  if (missing !== undefined) {
    return claim(type, 'False', readyReasons.replicasUnavailable, tell(missing));
  }
  const waking = activeEntities.find(({ verdict }) => verdict.reason === entityReasons.waking);
  if (waking !== undefined) return claim(type, 'True', readyReasons.scaledToZero, headline(tell(waking)));
  return activeEntities.every(({ verdict }) => verdict.state === 'ScaledToZero')
    ? claim(type, 'True', readyReasons.scaledToZero, 'no replica runs; the next request starts one')
    : claim(type, 'True', readyReasons.serving, 'every entity answers');
}

// An entity at zero answers: the request that comes wakes it.
const answers = (state: string): boolean => state === 'Ready' || state === 'ScaledToZero';

const tell = ({ entity, verdict }: EntityPlan): string => `${entity.name}: ${verdict.message}`;

/** The log lines that an explanation may carry are in the row of the entity; once or twice is enough. */
const headline = (message: string): string => message.split('\n', 1)[0] ?? '';

function updateClaim({ active, target, targetEntities }: Outlook): Claim {
  const type = conditionTypes.configUpdate;
  if (active === target) {
    return claim(type, 'True', configUpdateReasons.upToDate, `config version ${target} is active`);
  }
  const broken = targetEntities.find(({ verdict }) => verdict.readiness === 'failed');
  if (broken !== undefined) {
    const rest = active === undefined ? '' : `; config version ${active} goes on serving`;
    const message = `config version ${target} failed: ${headline(tell(broken))}${rest}`;
    return claim(type, 'False', configUpdateReasons.updateFailed, message);
  }
  const waiting = targetEntities.find(({ verdict }) => verdict.readiness !== 'ready');
  const message = `config version ${target} is being brought up${waiting === undefined ? '' : `: ${headline(tell(waiting))}`}`;
  return claim(type, 'Unknown', configUpdateReasons.inProgress, message);
}

function trafficClaim({ active }: Outlook): Claim {
  const type = conditionTypes.trafficRouted;
  return active === undefined
    ? claim(type, 'False', trafficReasons.noActiveConfig, 'no config version was ever active')
    : claim(type, 'True', trafficReasons.routed, `the traffic follows config version ${active}`);
}

function autoscalingClaim(outlook: Outlook): Claim {
  const { active, activeEntities, autoscalers } = outlook;
  const type = conditionTypes.autoscaling;
  if (active === undefined)
    return claim(type, 'Unknown', autoscalingReasons.pending, 'nothing has traffic yet');
  if (outlook.metricsApi === 'taken') {
    const message =
      'another adapter serves external.metrics.k8s.io in this cluster, so the HPA cannot read the demand; let its APIService v1beta1.external.metrics.k8s.io point at fairlead-operator';
    return claim(type, 'False', autoscalingReasons.metricsApiTaken, message);
  }
  const awake = activeEntities.filter(
    ({ observed }) => observed !== undefined && observed.spec?.replicas !== 0,
  );
  if (awake.length === 0) {
    return claim(type, 'True', autoscalingReasons.scaledToZero, 'at zero the autoscaler rests');
  }
  const doubts = awake.map(({ deployment = '' }) => doubtAbout(deployment, autoscalers.get(deployment)));
  return (
    doubts.find((doubt) => doubt !== undefined) ??
    claim(type, 'True', autoscalingReasons.followingDemand, 'replicas follow demand')
  );
}

function doubtAbout(name: string, autoscaler: HorizontalPodAutoscaler | undefined): Claim | undefined {
  const type = conditionTypes.autoscaling;
  const active = autoscaler?.status?.conditions?.find((condition) => condition.type === 'ScalingActive');
  if (active === undefined) {
    return claim(type, 'Unknown', autoscalingReasons.pending, `the autoscaler ${name} is not judged yet`);
  }
  // The HPA still says "disabled" for a moment after a wake-up.
  if (active.status !== 'False' || active.reason === 'ScalingDisabled') return undefined;
  const message = `the autoscaler ${name} cannot read the demand: ${active.message ?? active.reason ?? ''}; the scale stays as it is`;
  return claim(type, 'False', autoscalingReasons.metricsUnavailable, message);
}

function certificateClaim({ certificate }: Outlook): Claim {
  const type = conditionTypes.certificatesReady;
  return certificate.problem === undefined
    ? claim(type, 'True', certificateReasons.issued, 'the certificate of the sidecars is valid')
    : claim(type, 'False', certificateReasons.issueFailed, certificate.problem);
}

function fieldsClaim(spec: ServingEndpointSpec): Claim {
  const type = conditionTypes.fieldsSupported;
  const unsupported = unsupportedFieldsOf(spec);
  if (unsupported.length === 0)
    return claim(type, 'True', fieldReasons.allSupported, 'every field of the spec is acted on');
  const message = unsupported.map((field) => `${field.path}: ${field.message}`).join('; ');
  return claim(type, 'False', fieldReasons.notYetSupported, message);
}

/** kstatus: present only while true, and never both. */
function progressClaims(outlook: Outlook, ready: Claim, update: Claim): Claim[] {
  const { active, target, activeEntities } = outlook;
  const { stalled, reconciling } = conditionTypes;
  if (update.status === 'False') return [claim(stalled, 'True', update.reason, update.message)];
  if (activeEntities.some(({ verdict }) => verdict.state === 'Failed')) {
    return [claim(stalled, 'True', ready.reason, headline(ready.message))];
  }
  // It answers, but not as the spec says: a change of it was refused.
  const refused = activeEntities.find(({ verdict }) => verdict.readiness === 'failed');
  if (refused !== undefined) {
    return [claim(stalled, 'True', refused.verdict.reason, headline(tell(refused)))];
  }
  if (ready.status === 'True' && active === target) return [];
  const cause = ready.status === 'True' ? update : ready;
  return [claim(reconciling, 'True', progressReasons.reconciling, headline(cause.message))];
}
