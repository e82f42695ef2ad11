/** Owns the status of an endpoint: what is reported of a reconcile. Pure; written once, and only when it changed. */
import type { ConfigVersion } from '../../core/config-versions/endpoint-config.ts';
import { versionReadiness } from '../../core/config-versions/plan-config-versions.ts';
import { publicNameOf } from '../../core/routing/public-name.ts';
import { readyReasons } from '../../crds/schema/reasons.ts';
import type {
  RoutedTraffic,
  ServingEndpoint,
  ServingEndpointSpec,
  ServingEndpointStatus,
} from '../../crds/schema/serving-endpoint.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { MetricsApiState } from '../metrics-adapter/reconcile-api-service.ts';
import type { Refusals } from './act.ts';
import { claimsOf, claimsOfBlocked } from './claims.ts';
import { formatTime, makeConditions } from './conditions.ts';
import type { Claim } from './conditions.ts';
import type { CertificateState } from './claims.ts';
import { withDefined } from './defined.ts';
import { makeEntityRow } from './entity-row.ts';
import type { Explanation } from './explanation.ts';
import type { Snapshot } from './observe.ts';
import type { Plan } from './plan.ts';
import type { EntityPlan } from './plan-entities.ts';

export interface Report {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly refusals: Refusals;
  readonly certificate: CertificateState;
  readonly metricsApi: MetricsApiState;
  readonly config: OperatorConfig;
  readonly now: number;
}

/** Returns the status after a reconcile that had a plan; it is here that a version that is ready becomes active. */
export function statusOf(report: Report): ServingEndpointStatus {
  const { snapshot, plan, config, now } = report;
  const { endpoint } = snapshot;
  const entities = plan.entities.map((entity) => withRefusal(entity, report.refusals));
  const { target } = plan.versions;
  const targetEntities = entities.filter(({ configVersion }) => configVersion === target.version);
  const isReady = versionReadiness(targetEntities.map(({ verdict }) => verdict.readiness)) === 'ready';
  const active = isReady ? target : plan.versions.active;
  const isUpToDate = active?.version === target.version;
  const known = endpoint.status ?? {};
  const activeVersion = active?.version ?? known.active?.configVersion;
  const claims = claimsOf({
    spec: endpoint.spec,
    active: activeVersion,
    target: target.version,
    // Without its record the active version cannot be judged; the target, most likely the same, stands in for it.
    activeEntities: isUpToDate || active === undefined ? targetEntities : without(entities, targetEntities),
    targetEntities,
    autoscalers: snapshot.autoscalers,
    certificate: report.certificate,
    metricsApi: report.metricsApi,
  });
  return {
    ...commonStatus(endpoint, claims, config, now),
    ...withDefined('active', versionSince(activeVersion, known.active, now)),
    ...withDefined('pending', versionSince(isUpToDate ? undefined : target.version, known.pending, now)),
    ...withDefined('traffic', active === undefined ? known.traffic : routedTraffic(active, entities)),
    servedEntities: (isUpToDate ? targetEntities : entities).map((entity) =>
      makeEntityRow(entity, known.servedEntities ?? []),
    ),
  };
}

const without = (entities: readonly EntityPlan[], others: readonly EntityPlan[]): EntityPlan[] =>
  entities.filter((entity) => !others.includes(entity));

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
    readonly config: OperatorConfig;
    readonly now: number;
  },
): ServingEndpointStatus {
  const claims = claimsOfBlocked(problem, options.spec);
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

/** What runs and answers stays as it is, with the refusal told; what does not yet has failed. */
function withRefusal(entity: EntityPlan, refusals: Refusals): EntityPlan {
  const refusal = refusals.get(entity.deployment ?? '');
  if (refusal === undefined) return entity;
  const { verdict } = entity;
  const runs = verdict.state === 'Ready' || verdict.state === 'ScaledToZero';
  return {
    ...entity,
    verdict: { state: runs ? verdict.state : 'Failed', readiness: 'failed', ...refusal },
  };
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
