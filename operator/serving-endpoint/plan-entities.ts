/** Owns the decision for each served entity of the config versions that matter: what it runs on, and how it fares. */
import type { ConfigVersion } from '../../core/config-versions/endpoint-config.ts';
import { pauseOf } from '../../core/scaling/pause.ts';
import { publicNameOf } from '../../core/routing/public-name.ts';
import { initialReplicas } from '../../core/scaling/replica-bounds.ts';
import { scalingRulesOf } from '../../core/scaling/scaling-rules.ts';
import { annotations, labels } from '../../crds/schema/api.ts';
import { entityReasons } from '../../crds/schema/reasons.ts';
import type {
  ServedEntityStatus,
  ServingEndpoint,
  ServingEndpointSpec,
} from '../../crds/schema/serving-endpoint.ts';
import type { ServedEntity } from '../../crds/schema/served-entity.ts';
import type { Deployment, Pod } from '../../kube/kinds.ts';
import type { Taken } from '../children/check-child.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { controllerUid, isOfPredecessor } from '../ownership.ts';
import { chooseMeans } from './choose-means.ts';
import { deploymentOf } from './deployment-of.ts';
import { judgeEntity } from './entity-verdict.ts';
import type { EntityVerdict } from './entity-verdict.ts';
import type { EntityExplanation } from './explanation.ts';
import { fetchOf } from './fetch-status.ts';
import type { FetchStatus } from './fetch-status.ts';
import { runtimeAnnotation } from './names.ts';
import type { Snapshot } from './observe.ts';
import type { Blueprint, DirectAccess, ModelEntity } from './resources/blueprint.ts';

export interface EntityPlan {
  readonly configVersion: number;
  readonly entity: ServedEntity;
  /** Absent for entities that run outside the cluster. */
  readonly deployment: string | undefined;
  /** Absent where nothing can be made, for the reason that the verdict tells. */
  readonly blueprint: Blueprint | undefined;
  readonly observed: Deployment | undefined;
  readonly pods: readonly Pod[];
  /** How far the model is, where it is being fetched. */
  readonly fetch: FetchStatus | undefined;
  readonly verdict: EntityVerdict;
  /** Replicas that must be ready before traffic is moved here; 0 where it is already. */
  readonly leastReplicas: number;
}

export interface EntitiesInput {
  readonly snapshot: Snapshot;
  readonly version: ConfigVersion;
  readonly active: ConfigVersion | undefined;
  /** Whether the active version has its traffic; not while the endpoint is stopped, or starts again. */
  readonly isServing: boolean;
  readonly config: OperatorConfig;
}

/** Returns the plans of all entities of one config version. */
export function planEntities(input: EntitiesInput): EntityPlan[] {
  return input.version.config.servedEntities.map((entity) =>
    isModelEntity(entity) ? planModelEntity(input, entity) : unsupportedEntity(input, entity),
  );
}

const isModelEntity = (entity: ServedEntity): entity is ModelEntity => entity.model !== undefined;

function planModelEntity(input: EntitiesInput, entity: ModelEntity): EntityPlan {
  const { snapshot, version, active, isServing, config } = input;
  const { endpoint, identity } = snapshot;
  const name = deploymentOf({ endpoint, version: version.version, entity, active });
  const pause = pauseOf(endpoint.metadata.annotations);
  const scaling = scalingRulesOf(entity.workload, config.scaling, pause);
  const hasTraffic = isServing && deploymentsOf(endpoint, active).includes(name);
  const leastReplicas = hasTraffic ? 0 : initialReplicas(scaling, replacedReplicas(input, entity));
  const { observed, pods, fetch, previous, taken } = evidenceOf(snapshot, name);
  const plan: EntityPlan = {
    configVersion: version.version,
    entity,
    deployment: name,
    blueprint: undefined,
    observed,
    pods,
    fetch,
    leastReplicas,
    verdict: judgeEntity({ deployment: observed, pods, fetch, previous, leastReplicas }),
  };
  if (taken === 'notOwned') return { ...plan, verdict: failed(notOwned(name)) };
  if (taken === 'leftOver') return { ...plan, verdict: waiting(leftOver(`the Deployment "${name}"`)) };
  const made = observed?.metadata?.annotations ?? {};
  const means = chooseMeans(entity, snapshot.runtimes, config, made[runtimeAnnotation]);
  if (!('runtime' in means)) {
    // A Deployment that runs goes on without its runtime; only a new one cannot be made.
    return observed === undefined ? { ...plan, verdict: failed(means) } : plan;
  }
  const blueprint: Blueprint = {
    endpoint: identity,
    entity,
    name,
    configVersion: firstVersion(made) ?? version.version,
    ...means,
    ...limitsOf(endpoint.spec),
    scaling,
    direct: directAccess(snapshot),
    config,
  };
  return { ...plan, blueprint };
}

/** What takes effect without a new config version. */
const limitsOf = ({
  rateLimits = [],
  routing,
}: ServingEndpointSpec): Pick<Blueprint, 'rateLimits' | 'timeouts'> => ({
  rateLimits,
  timeouts: routing?.timeouts,
});

const directAccess = ({ endpoint, dataPlaneKeys }: Snapshot): DirectAccess | undefined =>
  endpoint.spec.routeOptimized ? { publicName: publicNameOf(endpoint), keys: dataPlaneKeys } : undefined;

interface Evidence {
  readonly observed: Deployment | undefined;
  readonly pods: readonly Pod[];
  readonly fetch: FetchStatus | undefined;
  readonly previous: ServedEntityStatus | undefined;
  /** Whose Deployment has the name; undefined: nobody else's. */
  readonly taken: Taken | undefined;
}

function evidenceOf({ endpoint, identity, deployments, pods, fetches }: Snapshot, name: string): Evidence {
  const found = deployments.get(name);
  const isOurs = found !== undefined && controllerUid(found) === identity.uid;
  const isLeftOver = found !== undefined && isOfPredecessor(found, identity);
  const ownPods = pods.filter((pod) => pod.metadata?.labels?.[labels.deployment] === name);
  const previous = endpoint.status?.servedEntities?.find((row) => row.deployment === name);
  return {
    observed: isOurs ? found : undefined,
    pods: ownPods,
    fetch: fetchOf(ownPods, fetches, previous?.fetch),
    previous,
    taken: found === undefined || isOurs ? undefined : isLeftOver ? 'leftOver' : 'notOwned',
  };
}

function firstVersion(made: Readonly<Record<string, string>>): number | undefined {
  const recorded = Number(made[annotations.configVersion]);
  return Number.isInteger(recorded) ? recorded : undefined;
}

/** Returns the names of the Deployments of the active config version. */
export function deploymentsOf(endpoint: ServingEndpoint, active: ConfigVersion | undefined): string[] {
  if (active === undefined) return [];
  const { version, config } = active;
  return config.servedEntities
    .filter(isModelEntity)
    .map((entity) => deploymentOf({ endpoint, version, entity, active }));
}

/** A new version of an entity takes over from the active entity of the same name, or from the only one there is. */
function replacedReplicas({ snapshot, version, active }: EntitiesInput, entity: ServedEntity): number {
  const entities = active?.config.servedEntities ?? [];
  const sole = entities.length === 1 && version.config.servedEntities.length === 1 ? entities[0] : undefined;
  const replaced = entities.find(({ name }) => name === entity.name) ?? sole;
  if (replaced === undefined || active === undefined) return 0;
  const { endpoint, deployments } = snapshot;
  const name = deploymentOf({ endpoint, version: active.version, entity: replaced, active });
  return deployments.get(name)?.spec?.replicas ?? 0;
}

function unsupportedEntity({ version }: EntitiesInput, entity: ServedEntity): EntityPlan {
  return {
    configVersion: version.version,
    entity,
    deployment: undefined,
    blueprint: undefined,
    observed: undefined,
    pods: [],
    fetch: undefined,
    leastReplicas: 0,
    verdict: failed({
      reason: entityReasons.notYetSupported,
      message: `the entity "${entity.name}" names a model outside the cluster, which this version of Fairlead does not serve yet; serve a model by its URI`,
    }),
  };
}

const notOwned = (name: string): EntityExplanation => ({
  reason: entityReasons.notOwned,
  message: `the Deployment "${name}" belongs to somebody else; delete or rename it`,
});

/** Returns the plan of an entity of an endpoint that is stopped: nothing is made, and what runs is on its way out. */
export function suspended(plan: EntityPlan): EntityPlan {
  const left = plan.observed?.status?.replicas ?? 0;
  const message =
    left === 0 ? 'the endpoint is stopped' : `the endpoint is being stopped: ${left} replicas are left`;
  return {
    ...plan,
    blueprint: undefined,
    verdict: {
      state: 'Suspended',
      reason: entityReasons.suspended,
      message,
      readiness: left === 0 ? 'ready' : 'progressing',
    },
  };
}

/** Returns why an object of an earlier endpoint is in the way. */
export const leftOver = (what: string): EntityExplanation => ({
  reason: entityReasons.waitingForCleanup,
  message: `${what} of an earlier endpoint of this name is still being removed; it goes on in a moment`,
});

/** Returns the verdict of an entity that waits for others. */
export const waiting = (cause: EntityExplanation): EntityVerdict => ({
  state: 'Creating',
  readiness: 'progressing',
  ...cause,
});

/** Returns the verdict of an entity that cannot be brought up for the cause given. */
const failed = (cause: EntityExplanation): EntityVerdict => ({
  state: 'Failed',
  reason: cause.reason,
  message: cause.message,
  readiness: 'failed',
});

/** Returns the verdict of an entity of which something is refused: what runs and answers stays as it is, with that told. */
export const refused = ({ state }: EntityVerdict, cause: EntityExplanation): EntityVerdict => ({
  state: state === 'Ready' || state === 'ScaledToZero' ? state : 'Failed',
  readiness: 'failed',
  ...cause,
});
