/** Owns what is claimed of an endpoint, condition by condition (kstatus-right at every phase). */
import { conditionTypes } from '../../crds/schema/condition.ts';
import {
  certificateReasons,
  configUpdateReasons,
  directAccessReasons,
  entityReasons,
  fieldReasons,
  progressReasons,
  readyReasons,
  trafficReasons,
} from '../../crds/schema/reasons.ts';
import { unsupportedFieldsOf } from '../../crds/schema/unsupported-fields.ts';
import type { FailedVersion, ServingEndpointSpec } from '../../crds/schema/serving-endpoint.ts';
import { wasCancelled } from './change-requests.ts';
import type { DirectState } from '../route-optimised/reconcile-direct.ts';
import { autoscalingClaim } from './claim-autoscaling.ts';
import { limitsClaims } from './claim-limits.ts';
import { claim } from './conditions.ts';
import type { Claim } from './conditions.ts';
import type { Explanation } from './explanation.ts';
import type { Snapshot } from './observe.ts';
import { headline } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Plan } from './plan.ts';
import type { EntityPlan } from './plan-entities.ts';

/** How it stands with the certificate of the sidecars. */
export interface CertificateState {
  /** Why it is not as it should be. */
  readonly problem: string | undefined;
  /** Whether the problem goes away by itself in a moment. */
  readonly isPassing?: boolean;
  /** Whether the sidecars have one that is valid, be it not the newest. */
  readonly isUsable: boolean;
}

/** What the claims rest on: how the reconcile came out. */
export interface Outlook {
  readonly snapshot: Pick<Snapshot, 'endpoint' | 'autoscalers' | 'rivals' | 'scalingMode' | 'limitStore'>;
  readonly plan: Pick<Plan, 'versions' | 'isSuspended'>;
  readonly outcome: Pick<Outcome, 'isServing' | 'targetEntities'>;
  /** The version that serves once this reconcile has written its status, or that served last. */
  readonly activeVersion: number | undefined;
  /** Of the version that serves; of the target while none does. */
  readonly activeEntities: readonly EntityPlan[];
  /** Whether requests are routed from now on. */
  readonly isRouted: boolean;
  readonly failed: FailedVersion | undefined;
  readonly certificate: CertificateState;
  /** Why the active config cannot be written back into the spec, although the update was cancelled. */
  readonly cancelRefusal: string | undefined;
  /** How it stands with the way of callers to the sidecars; undefined: there is none. */
  readonly direct: Pick<DirectState, 'problem' | 'awaitsCertificate'> | undefined;
}

/** Returns the claims about an endpoint that has a plan. */
export function claimsOf(outlook: Outlook): Claim[] {
  const update = updateClaim(outlook);
  const { direct } = outlook;
  const { endpoint, limitStore } = outlook.snapshot;
  const always = [
    update,
    trafficClaim(outlook),
    autoscalingClaim({ ...outlook, isSuspended: outlook.plan.isSuspended }),
    certificateClaim(outlook),
    ...(direct === undefined ? [] : [directClaim(direct)]),
    ...limitsClaims(endpoint, limitStore),
    fieldsClaim(endpoint.spec),
  ];
  // kstatus would take any Ready but True for work in progress, and a stopped endpoint is not ready (ADR 14).
  if (outlook.plan.isSuspended) return [...always, ...stoppingClaims(outlook)];
  const ready = readyClaim(outlook);
  return [ready, ...always, ...progressClaims(outlook, ready, update)];
}

/** Returns the claims about an endpoint that nothing can be done for until somebody changes something. */
export function claimsOfBlocked(
  problem: Explanation,
  spec: ServingEndpointSpec | undefined,
  isPassing = false,
): Claim[] {
  return [
    claim(conditionTypes.ready, 'False', problem.reason, problem.message),
    ...(spec === undefined ? [] : [fieldsClaim(spec)]),
    isPassing
      ? claim(conditionTypes.reconciling, 'True', progressReasons.reconciling, problem.message)
      : claim(conditionTypes.stalled, 'True', problem.reason, problem.message),
  ];
}

function readyClaim(outlook: Outlook): Claim {
  const { activeEntities, certificate } = outlook;
  const type = conditionTypes.ready;
  if (certificate.problem !== undefined && !certificate.isUsable) {
    return claim(type, 'False', readyReasons.certificatesNotReady, certificate.problem);
  }
  const broken = activeEntities.find(({ verdict }) => verdict.state === 'Failed');
  if (broken !== undefined) {
    return claim(type, 'False', broken.verdict.reason, tell(broken));
  }
  if (!outlook.isRouted) {
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

function updateClaim(outlook: Outlook): Claim {
  const { snapshot, plan, activeVersion, failed, isRouted, cancelRefusal } = outlook;
  const type = conditionTypes.configUpdate;
  const target = plan.versions.target.version;
  const goesOn =
    activeVersion === undefined || plan.isSuspended ? '' : `; config version ${activeVersion} goes on`;
  if (cancelRefusal !== undefined) {
    const cancelled = plan.versions.givenUp?.version ?? '';
    const message = `config version ${cancelled} is cancelled, but the spec still asks for it, because writing the active config back is refused: ${headline(cancelRefusal)}; have what refuses it let the operator change the spec (it is tried again by itself), or write the active config back yourself${goesOn}`;
    return claim(type, 'False', configUpdateReasons.cancelRefused, message);
  }
  if (failed !== undefined) {
    const message = `config version ${failed.configVersion} was given up: ${headline(failed.message)}${goesOn}`;
    return claim(type, 'False', configUpdateReasons.updateFailed, message);
  }
  if (activeVersion === target && (isRouted || plan.isSuspended)) {
    const { upToDate, updateCanceled } = configUpdateReasons;
    return wasCancelled(snapshot.endpoint.metadata.annotations, plan.versions)
      ? claim(type, 'True', updateCanceled, `the update was cancelled; config version ${target} is active`)
      : claim(type, 'True', upToDate, `config version ${target} is active`);
  }
  if (plan.isSuspended) {
    const message = `config version ${target} is brought up once the endpoint is started`;
    return claim(type, 'Unknown', configUpdateReasons.suspended, message);
  }
  return pendingClaim(outlook, target, goesOn);
}

function pendingClaim({ outcome, activeVersion }: Outlook, target: number, goesOn: string): Claim {
  const { targetEntities } = outcome;
  const type = conditionTypes.configUpdate;
  const broken = targetEntities.find(({ verdict }) => verdict.readiness === 'failed');
  // Where another version serves it is not over yet: the failure may heal, or the version is given up.
  const hasFallback = activeVersion !== undefined && activeVersion !== target;
  if (broken !== undefined && !hasFallback) {
    const message = `config version ${target} failed: ${headline(tell(broken))}`;
    return claim(type, 'False', configUpdateReasons.updateFailed, message);
  }
  const waiting = broken ?? targetEntities.find(({ verdict }) => verdict.readiness !== 'ready');
  const cause = waiting === undefined ? '' : `: ${headline(tell(waiting))}`;
  const outlook = broken === undefined ? '' : `; it is given up if that lasts${goesOn}`;
  const message = `config version ${target} is being brought up${cause}${outlook}`;
  return claim(type, 'Unknown', configUpdateReasons.inProgress, message);
}

function trafficClaim({ plan, activeVersion, isRouted }: Outlook): Claim {
  const type = conditionTypes.trafficRouted;
  const { suspended, noActiveConfig, resuming, routed } = trafficReasons;
  if (plan.isSuspended) {
    return claim(
      type,
      'False',
      suspended,
      'the endpoint is stopped: requests are refused; set spec.suspended to false to start it',
    );
  }
  if (activeVersion === undefined) {
    return claim(type, 'False', noActiveConfig, 'no config version was ever active');
  }
  return isRouted
    ? claim(type, 'True', routed, `the traffic follows config version ${activeVersion}`)
    : claim(type, 'False', resuming, 'the endpoint is being started: requests are refused until it is ready');
}

function certificateClaim({ certificate }: Outlook): Claim {
  const type = conditionTypes.certificatesReady;
  return certificate.problem === undefined
    ? claim(type, 'True', certificateReasons.issued, 'the certificate of the sidecars is valid')
    : claim(type, 'False', certificateReasons.issueFailed, certificate.problem);
}

function directClaim({ problem, awaitsCertificate }: NonNullable<Outlook['direct']>): Claim {
  const type = conditionTypes.directAccess;
  if (problem !== undefined) return claim(type, 'False', problem.reason, problem.message);
  return awaitsCertificate
    ? claim(
        type,
        'False',
        directAccessReasons.certificatePending,
        'no sidecar is ready, and gateways do not have their certificate for this namespace yet; it comes by itself',
      )
    : claim(type, 'True', directAccessReasons.serviceReady, 'callers reach the sidecars by the Service');
}

function fieldsClaim(spec: ServingEndpointSpec): Claim {
  const type = conditionTypes.fieldsSupported;
  const unsupported = unsupportedFieldsOf(spec);
  if (unsupported.length === 0)
    return claim(type, 'True', fieldReasons.allSupported, 'every field of the spec is acted on');
  const message = unsupported.map((field) => `${field.path}: ${field.message}`).join('; ');
  return claim(type, 'False', fieldReasons.notYetSupported, message);
}

/** kstatus: the wanted state of an endpoint that is to be stopped is reached when nothing of it runs any more. */
function stoppingClaims({ activeEntities }: Outlook): Claim[] {
  const left = activeEntities.find(({ verdict }) => verdict.readiness !== 'ready');
  return left === undefined
    ? []
    : [claim(conditionTypes.reconciling, 'True', progressReasons.reconciling, tell(left))];
}

/** kstatus: present only while true, and never both. */
function progressClaims(outlook: Outlook, ready: Claim, update: Claim): Claim[] {
  const { activeEntities, direct } = outlook;
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
  // By way of gateways alone.
  const { problem } = direct ?? {};
  if (problem !== undefined && !passesByItself(problem)) {
    return [claim(stalled, 'True', problem.reason, problem.message)];
  }
  if (ready.status === 'True' && update.status === 'True') return lackClaims(outlook);
  const cause = ready.status === 'True' ? update : ready;
  return [claim(reconciling, 'True', progressReasons.reconciling, headline(cause.message))];
}

/** It answers as well, and lacks an object for a moment more. */
function lackClaims({ activeEntities, direct }: Outlook): Claim[] {
  const entity = activeEntities.find(({ verdict }) => passesByItself(verdict));
  const waiting = entity === undefined ? direct?.problem?.message : headline(tell(entity));
  if (waiting === undefined) return [];
  return [claim(conditionTypes.reconciling, 'True', progressReasons.reconciling, waiting)];
}

const passesByItself = ({ reason }: Pick<Explanation, 'reason'>): boolean =>
  reason === entityReasons.waitingForCleanup;
