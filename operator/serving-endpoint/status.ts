/** Owns the status of an endpoint: what is reported of a reconcile. Pure; written once, and only when it changed. */
import type { ConfigVersion } from '../../core/config-versions/endpoint-config.ts';
import { publicNameOf } from '../../core/routing/public-name.ts';
import { readyReasons } from '../../crds/schema/reasons.ts';
import type {
  FailedVersion,
  RoutedTraffic,
  ServingEndpoint,
  ServingEndpointSpec,
  ServingEndpointStatus,
} from '../../crds/schema/serving-endpoint.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { DirectState } from '../route-optimised/reconcile-direct.ts';
import { retryRequest } from './change-requests.ts';
import { claimsOf, claimsOfBlocked } from './claims.ts';
import { fitted, formatTime, makeConditions } from './conditions.ts';
import type { Claim } from './conditions.ts';
import type { CertificateState } from './claims.ts';
import { withDefined } from './defined.ts';
import { makeEntityRow } from './entity-row.ts';
import type { Explanation } from './explanation.ts';
import type { Snapshot } from './observe.ts';
import type { Outcome } from './outcome.ts';
import type { Plan } from './plan.ts';
import type { EntityPlan } from './plan-entities.ts';

export interface Report {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly outcome: Outcome;
  readonly certificate: CertificateState;
  /** How it stands with the way of callers to the sidecars; undefined: there is none. */
  readonly direct: DirectState | undefined;
  /** Why the active config cannot be written back into the spec, although the update was cancelled. */
  readonly cancelRefusal: string | undefined;
  readonly config: OperatorConfig;
  readonly now: number;
}

/** Returns the status after a reconcile that had a plan. */
export function statusOf(report: Report): ServingEndpointStatus {
  const { snapshot, plan, outcome, config, now } = report;
  const { endpoint } = snapshot;
  const known = endpoint.status ?? {};
  const activeVersion = outcome.active?.version ?? known.active?.configVersion;
  const failed = failedOf(report);
  const pending = pendingOf(report);
  const traffic = trafficOf(report);
  const outlook = {
    ...report,
    activeVersion,
    failed,
    activeEntities: activeEntitiesOf(report),
    isRouted: traffic !== undefined,
  };
  return {
    ...commonStatus(endpoint, claimsOf(outlook), config, now),
    ...(plan.isSuspended ? { ready: 'Suspended' } : {}),
    ...withDefined('dataPlane', report.direct === undefined ? undefined : { url: report.direct.url }),
    ...withDefined('version', shownVersion(activeVersion, pending?.configVersion)),
    ...withDefined('active', versionSince(activeVersion, known.active, now)),
    ...withDefined('pending', pending),
    ...withDefined('failed', failed),
    ...withDefined('suspended', plan.isSuspended ? suspendedSince(known, now) : undefined),
    ...withDefined('traffic', traffic),
    servedEntities: shownEntities(report).map((entity) =>
      makeEntityRow(entity, known.servedEntities ?? [], now),
    ),
  };
}

/** Whether what is to be had serves. */
const isUpToDate = ({ plan, outcome }: Report): boolean =>
  outcome.isServing && outcome.active?.version === plan.versions.target.version;

function pendingOf(report: Report): VersionSince | undefined {
  const { plan, outcome } = report;
  const isOver = isUpToDate(report) || plan.isSuspended || outcome.givenUp !== undefined;
  if (isOver) return undefined;
  return { configVersion: plan.versions.target.version, since: formatTime(outcome.pendingSince) };
}

/** Of the version that serves; of the target while none does, or where the record of the one that serves is lost. */
function activeEntitiesOf(report: Report): readonly EntityPlan[] {
  const { entities, targetEntities, active, isServing } = report.outcome;
  if (report.plan.isSuspended) return entities;
  return isUpToDate(report) || active === undefined || !isServing
    ? targetEntities
    : entities.filter((entity) => !targetEntities.includes(entity));
}

/** What was given up is on its way out, and tells its failure once, as a whole. */
function shownEntities(report: Report): readonly EntityPlan[] {
  const { entities, targetEntities, givenUp } = report.outcome;
  if (givenUp !== undefined) return entities.filter((entity) => !targetEntities.includes(entity));
  return isUpToDate(report) ? targetEntities : entities;
}

function failedOf({ snapshot, plan, outcome, now }: Report): FailedVersion | undefined {
  const { givenUp, target } = plan.versions;
  const { status, metadata } = snapshot.endpoint;
  if (givenUp !== undefined) {
    // What was cancelled need not have failed.
    return status?.failed?.configVersion === givenUp.version ? status.failed : undefined;
  }
  if (outcome.givenUp === undefined) return undefined;
  return {
    configVersion: target.version,
    since: formatTime(now),
    reason: outcome.givenUp.reason,
    message: fitted(outcome.givenUp.message),
    ...withDefined('retry', retryRequest(metadata.annotations)),
  };
}

function trafficOf({ snapshot, plan, outcome }: Report): RoutedTraffic[] | undefined {
  const { active, isServing, entities } = outcome;
  if (isServing && active !== undefined) return routedTraffic(active, entities);
  const isLost = active === undefined && !plan.isSuspended;
  return isLost ? snapshot.endpoint.status?.traffic : undefined;
}

const suspendedSince = (known: ServingEndpointStatus, now: number) =>
  known.suspended ?? { since: formatTime(now) };

/** `2`, and `2→3` while version 3 is being brought up. */
function shownVersion(active: number | undefined, pending: number | undefined): string | undefined {
  if (pending === undefined || pending === active) return active?.toString();
  return `${active ?? ''}→${pending}`;
}

type VersionSince = NonNullable<ServingEndpointStatus['active']>;

function versionSince(
  version: number | undefined,
  known: VersionSince | undefined,
  now: number,
): VersionSince | undefined {
  if (version === undefined) return undefined;
  return known?.configVersion === version ? known : { configVersion: version, since: formatTime(now) };
}

/** Returns the status of an endpoint that nothing can be done for; what it says of what serves stays. */
export function statusOfBlocked(
  endpoint: ServingEndpoint,
  problem: Explanation,
  options: {
    readonly spec: ServingEndpointSpec | undefined;
    /** Whether it goes on by itself in a moment. */
    readonly isPassing?: boolean;
    readonly config: OperatorConfig;
    readonly now: number;
  },
): ServingEndpointStatus {
  const claims = claimsOfBlocked(problem, options.spec, options.isPassing);
  const status = { ...endpoint.status, ...commonStatus(endpoint, claims, options.config, options.now) };
  if (problem.reason !== readyReasons.nameTaken) return status;
  // The address is another one's: whoever sent requests there would be answered by a stranger.
  const { url: _taken, ...rest } = status;
  return rest;
}

function commonStatus(
  endpoint: ServingEndpoint,
  claims: readonly Claim[],
  config: OperatorConfig,
  now: number,
): ServingEndpointStatus {
  const { generation = 0, uid = '' } = endpoint.metadata;
  const conditions = makeConditions(claims, endpoint.status?.conditions ?? [], { generation, now });
  const ready = conditions.find(({ type }) => type === 'Ready')?.status;
  return {
    observedGeneration: generation,
    id: uid.replaceAll('-', '').toLowerCase(),
    url: urlOf(endpoint, config),
    ...withDefined('ready', ready),
    conditions,
  };
}

/** Returns where users send requests; the default namespace is the one that need not be named. */
export function urlOf(endpoint: ServingEndpoint, config: OperatorConfig): string {
  const { namespace = '' } = endpoint.metadata;
  const prefix = namespace === config.defaultNamespace ? '' : `/namespaces/${namespace}`;
  const base = config.publicUrl.replace(/\/+$/, '');
  return `${base}${prefix}/serving-endpoints/${publicNameOf(endpoint)}/invocations`;
}

/** An entity without a route gets 0 %: it can be asked for by name. */
function routedTraffic({ version, config }: ConfigVersion, plans: readonly EntityPlan[]): RoutedTraffic[] {
  const percents = new Map(config.routes.map(({ servedEntity, percent }) => [servedEntity, percent]));
  return plans
    .filter(({ configVersion }) => configVersion === version)
    .map(({ entity, deployment }) => ({
      servedEntity: entity.name,
      percent: percents.get(entity.name) ?? 0,
      ...withDefined('deployment', deployment),
      configVersion: version,
    }));
}
