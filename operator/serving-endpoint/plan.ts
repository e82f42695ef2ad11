/** Owns the decision of a reconcile: from what was seen to what is to be done, with the reasons for it. Pure. */
import { planConfigVersions, versionReadiness } from '../../core/config-versions/plan-config-versions.ts';
import type { ConfigVersionsPlan, Readiness } from '../../core/config-versions/plan-config-versions.ts';
import { configOf } from '../../core/config-versions/endpoint-config.ts';
import type { ConfigVersion } from '../../core/config-versions/endpoint-config.ts';
import { entityReasons } from '../../crds/schema/reasons.ts';
import * as kinds from '../../kube/kinds.ts';
import type { KubeObject, ResourceKind } from '../../kube/resource.ts';
import { AppError } from '../../platform/errors.ts';
import type { Child } from '../children/apply-child.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { goesToZeroItself, hasToForgetZero, usesAutoscalers } from '../scaling/scaling-mode.ts';
import { cancelledBy, cancelledVersion, failedVersion } from './change-requests.ts';
import type { Snapshot } from './observe.ts';
import { deploymentsOf, planEntities, refused, suspended } from './plan-entities.ts';
import type { EntityPlan } from './plan-entities.ts';
import { planMark } from './plan-mark.ts';
import type { ActiveMark } from './plan-mark.ts';
import { planRemovals } from './plan-removals.ts';
import type { Removal } from './plan-removals.ts';
import { planScales, planStop } from './plan-scales.ts';
import type { ScaleChange } from './plan-scales.ts';
import { makeControllerRevision, parseControllerRevision } from './resources/make-controller-revision.ts';
import { makeDeployment } from './resources/make-deployment.ts';
import { makeHorizontalPodAutoscaler } from './resources/make-horizontal-pod-autoscaler.ts';
import { templateRefused } from './resources/make-pod-template.ts';
import { makeService } from './resources/make-service.ts';
import { makeSidecarConfigMap } from './resources/make-sidecar-config-map.ts';

/** An object to apply, and the Deployment whose entity fails where that is refused. */
export interface EntityChild extends Child {
  readonly deployment: string;
}

export interface Plan {
  readonly versions: ConfigVersionsPlan;
  /** Whether the endpoint is to be stopped. */
  readonly isSuspended: boolean;
  /** Whether the active version has its traffic; not while the endpoint is stopped, or starts again. */
  readonly isServing: boolean;
  /** The config that is to be written back into the spec, because the update was cancelled. */
  readonly writeBack: ConfigVersion | undefined;
  /** The record that is to say since when its version is the active one. */
  readonly mark: ActiveMark | undefined;
  /** To be created before anything else: what is brought up must be on record. */
  readonly newRevision: kinds.ControllerRevision | undefined;
  /** Entities of the active version, then those of the one that is being brought up. */
  readonly entities: readonly EntityPlan[];
  readonly targetReadiness: Readiness;
  readonly children: readonly EntityChild[];
  readonly scales: readonly ScaleChange[];
  readonly removals: readonly Removal[];
  /** When time alone will change the plan. */
  readonly requeueAfterMs: number | undefined;
  /** Why, in sentences: for logs. */
  readonly reasons: readonly string[];
}

/**
 * Returns what is to be done for an endpoint.
 *
 * @throws AppError `CONFIG_VERSION_INVALID`.
 */
export function planServingEndpoint(snapshot: Snapshot, config: OperatorConfig, now: number): Plan {
  const { spec, status, metadata } = snapshot.endpoint;
  const versions = planConfigVersions({
    wanted: configOf(spec),
    kept: snapshot.revisions.map(parseControllerRevision),
    active: status?.active?.configVersion,
    pending: status?.pending?.configVersion,
    failed: failedVersion(snapshot.endpoint),
    cancelled: cancelledVersion(metadata.annotations),
    historyLimit: config.historyLimit,
  });
  const common = {
    versions,
    writeBack: cancelledBy(metadata.annotations, versions),
    mark: planMark(snapshot, versions),
  };
  return spec.suspended
    ? { ...common, ...planSuspended(snapshot, versions, config, now) }
    : { ...common, ...planBringingUp(snapshot, versions, config, now) };
}

type PlanOfObjects = Omit<Plan, 'versions' | 'writeBack' | 'mark'>;

function planBringingUp(
  snapshot: Snapshot,
  versions: ConfigVersionsPlan,
  config: OperatorConfig,
  now: number,
): PlanOfObjects {
  const { target, active } = versions;
  const routed = routedDeployments(snapshot);
  // Where nothing tells of traffic although a version is active, the endpoint was stopped; or its status was lost.
  const hasTraffic = (snapshot.endpoint.status?.traffic ?? []).length > 0;
  const isServing = active !== undefined && (hasTraffic || versions.isRecovered);
  const planned = (version: typeof target): PlannedEntity[] =>
    planEntities({ snapshot, version, active, isServing, config }).map((entity) =>
      withChildren(snapshot, entity),
    );
  const ofTarget = planned(target);
  const ofActive = isServing && active.version !== target.version ? planned(active) : [];
  // An entity that both versions run has one Deployment: the newer version says how it scales.
  const live = newestPerDeployment([...ofTarget, ...ofActive]);
  const removals = planRemovals({
    snapshot,
    live: new Set(live.flatMap(({ plan }) => plan.deployment ?? [])),
    routed,
    active: deploymentsOf(snapshot.endpoint, active),
    forgettable: versions.forgettable,
    drainMs: config.deadlines.afterSwitch,
    now,
  });
  const targetReadiness = versionReadiness(ofTarget.map(({ plan }) => plan.verdict.readiness));
  return {
    isSuspended: false,
    isServing,
    newRevision: versions.isNew ? makeControllerRevision(snapshot.identity, target) : undefined,
    entities: [...ofActive, ...ofTarget].map(({ plan }) => plan),
    targetReadiness,
    children: live.flatMap(({ children }) => children),
    scales: planScales(live.map(({ plan }) => plan)),
    removals: removals.now,
    requeueAfterMs: removals.nextInMs,
    reasons: explain(versions, targetReadiness, removals.now),
  };
}

/**
 * A stopped endpoint keeps its objects, at zero and without their autoscalers. What it asks for anew meanwhile is neither
 * recorded nor brought up until it is started.
 */
function planSuspended(
  snapshot: Snapshot,
  versions: ConfigVersionsPlan,
  config: OperatorConfig,
  now: number,
): PlanOfObjects {
  const { target, active, isNew } = versions;
  const known = [active, isNew ? undefined : target].filter((version) => version !== undefined);
  const entities = [...new Set(known)].flatMap((version) =>
    planEntities({ snapshot, version, active, isServing: false, config }).map(suspended),
  );
  const removals = planRemovals({
    snapshot,
    live: new Set(entities.flatMap(({ deployment }) => deployment ?? [])),
    routed: new Set(),
    active: [],
    forgettable: versions.forgettable,
    drainMs: 0,
    now,
  });
  return {
    isSuspended: true,
    isServing: false,
    newRevision: undefined,
    entities,
    targetReadiness: 'progressing',
    children: [],
    scales: planStop(entities),
    removals: removals.now,
    requeueAfterMs: undefined,
    reasons: [],
  };
}

const routedDeployments = ({ endpoint }: Snapshot): ReadonlySet<string> =>
  new Set((endpoint.status?.traffic ?? []).flatMap(({ deployment }) => deployment ?? []));

interface PlannedEntity {
  readonly plan: EntityPlan;
  readonly children: readonly EntityChild[];
}

function withChildren(snapshot: Snapshot, plan: EntityPlan): PlannedEntity {
  try {
    return { plan, children: childrenOf(snapshot, plan) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { templateRefused: ofTemplate, runtimeUnsuitable } = entityReasons;
    const reason = error.code === templateRefused ? ofTemplate : runtimeUnsuitable;
    const verdict = refused(plan.verdict, { reason, message: error.message });
    return { plan: { ...plan, blueprint: undefined, verdict }, children: [] };
  }
}

/** In the order in which they are needed: a pod waits for its ConfigMap, an HPA for its Deployment. */
function childrenOf(snapshot: Snapshot, { blueprint, leastReplicas }: EntityPlan): EntityChild[] {
  if (blueprint === undefined) return [];
  const { name } = blueprint;
  const child = <Type extends KubeObject>(
    kind: ResourceKind<Type>,
    wanted: Type,
    observed: ReadonlyMap<string, Type>,
  ): EntityChild => ({ kind, wanted, observed: observed.get(name), deployment: name });
  const children = [
    child(kinds.configMaps, makeSidecarConfigMap(blueprint), snapshot.configMaps),
    child(kinds.services, makeService(blueprint), snapshot.services),
    child(kinds.deployments, makeDeployment(blueprint), snapshot.deployments),
  ];
  // Before it has traffic a Deployment has no demand to follow; an HPA would only take replicas away.
  if (leastReplicas > 0 || !usesAutoscalers(snapshot.scalingMode)) return children;
  const observed = snapshot.autoscalers.get(name);
  // It goes first; the next look makes another one.
  if (observed !== undefined && hasToForgetZero(snapshot.scalingMode, observed)) return children;
  const autoscaler = makeHorizontalPodAutoscaler(blueprint, goesToZeroItself(snapshot.scalingMode, observed));
  return [...children, child(kinds.horizontalPodAutoscalers, autoscaler, snapshot.autoscalers)];
}

function newestPerDeployment(entities: readonly PlannedEntity[]): PlannedEntity[] {
  const byDeployment = new Map<string, PlannedEntity>();
  for (const entity of entities) {
    const name = entity.plan.deployment;
    if (name !== undefined && !byDeployment.has(name)) byDeployment.set(name, entity);
  }
  return [...byDeployment.values()];
}

function explain(
  { target, active, isNew, superseded }: ConfigVersionsPlan,
  readiness: Readiness,
  removals: readonly Removal[],
): string[] {
  const reasons: string[] = [];
  if (isNew) reasons.push(`config version ${target.version} is new`);
  if (superseded !== undefined) reasons.push(`config version ${superseded} is superseded`);
  if (active?.version !== target.version) reasons.push(`config version ${target.version} is ${readiness}`);
  for (const { kind, name, cause } of removals) reasons.push(`${kind.kind} ${name} goes: ${cause}`);
  return reasons;
}
