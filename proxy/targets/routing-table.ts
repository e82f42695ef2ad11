/** Owns where requests for an endpoint go: found by namespace and public name, kept as the objects' status says. */
import { planAccounting } from '../../core/accounting/accounting-plan.ts';
import type { AccountingPlan } from '../../core/accounting/accounting-plan.ts';
import { EndpointQuota } from '../../core/quota/endpoint-quota.ts';
import { LimitShares } from '../../core/quota/limit-shares.ts';
import { gatewayPool } from '../../core/quota/share-report.ts';
import { nameClaim, publicNameOf } from '../../core/routing/public-name.ts';
import { StickySplit } from '../../core/routing/sticky-split.ts';
import { WeightedSplit } from '../../core/routing/weighted-split.ts';
import type { ServedEntityStatus, ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { DeploymentTarget } from './deployment-target.ts';
import type { EndpointTraffic, MakeTraffic } from './endpoint-traffic.ts';
import { HostLabels } from './host-labels.ts';

/** A served entity that traffic goes to. */
export interface EntityRoute {
  readonly servedEntity: string;
  readonly percent: number;
  /** Absent for models outside the cluster. */
  readonly target: DeploymentTarget | undefined;
  /** Why it cannot be brought up, in short; absent while it can. */
  readonly failure: string | undefined;
  /** It was ready and has lost its replicas, so that waiting may be in vain; looked at where there is a fallback. */
  readonly isTroubled: boolean;
}

export interface RoutedEndpoint {
  readonly namespace: string;
  /** metadata.name. */
  readonly name: string;
  /** metadata.uid. */
  readonly uid: string;
  /** `namespace/name`. */
  readonly label: string;
  readonly suspended: boolean;
  readonly split: WeightedSplit<EntityRoute>;
  /** The same shares, by key. */
  readonly sticky: StickySplit<EntityRoute>;
  readonly entities: ReadonlyMap<string, EntityRoute>;
  /** undefined: it has no limits. */
  readonly quota: EndpointQuota | undefined;
  /** Its sidecars apply the limits as well. */
  readonly routeOptimized: boolean;
  readonly traffic: EndpointTraffic;
  readonly accounting: AccountingPlan;
}

interface Row extends RoutedEndpoint {
  readonly publicName: string;
  /** Sorts the claims on one public name. */
  readonly claim: string;
  /** What split and quota were made from: while it stays the same, so do they, with all they have counted. */
  readonly routesKey: string;
  readonly limitsKey: string;
  readonly trafficKey: string;
}

type TargetOf = (namespace: string, deployment: string, endpoint: string) => DeploymentTarget;

const longestCause = 200;

export class RoutingTable {
  readonly #targetOf: TargetOf;
  readonly #makeTraffic: MakeTraffic;
  readonly #shares: LimitShares;
  readonly #rows = new Map<string, Row>();
  readonly #byPublicName = new Map<string, Row[]>();
  readonly #hostLabels = new HostLabels();
  readonly #listeners = new Set<() => void>();

  /** `shares`: what this proxy may give out of the limits that it shares with others. */
  constructor(targetOf: TargetOf, makeTraffic: MakeTraffic, shares = new LimitShares(1)) {
    this.#targetOf = targetOf;
    this.#makeTraffic = makeTraffic;
    this.#shares = shares;
  }

  get size(): number {
    return this.#rows.size;
  }

  find(namespace: string, publicName: string): RoutedEndpoint | undefined {
    return this.#byPublicName.get(`${namespace}/${publicName}`)?.[0];
  }

  /** Returns the public name that a label of a host name stands for, as `HostLabels` says. */
  publicNameAt(namespace: string, label: string): string {
    return this.#hostLabels.find(namespace, label);
  }

  /** Calls back after each change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Takes over what `endpoint` says. */
  set(endpoint: ServingEndpoint): void {
    const namespace = endpoint.metadata.namespace ?? '';
    const { name } = endpoint.metadata;
    const previous = this.#rows.get(`${namespace}/${name}`);
    const row = this.#makeRow(endpoint, previous);
    if (previous !== undefined) this.#unlist(previous);
    this.#rows.set(row.label, row);
    this.#list(row);
    this.#changed();
  }

  remove(namespace: string, name: string): void {
    const row = this.#rows.get(`${namespace}/${name}`);
    if (row === undefined) return;
    row.quota?.stop();
    this.#rows.delete(row.label);
    this.#unlist(row);
    this.#changed();
  }

  /** Returns `namespace/deployment` of every Deployment that traffic goes to. */
  deploymentsInUse(): Set<string> {
    const routes = [...this.#rows.values()].flatMap((row) => [...row.entities.values()]);
    return new Set(
      routes.flatMap(({ target }) =>
        target === undefined ? [] : [`${target.namespace}/${target.deployment}`],
      ),
    );
  }

  /** Returns the names of the pools in which limits are shared. */
  sharingPools(): Set<string> {
    return new Set([...this.#rows.values()].flatMap((row) => (row.quota === undefined ? [] : [poolOf(row)])));
  }

  #makeRow(endpoint: ServingEndpoint, previous: Row | undefined): Row {
    const { metadata, spec } = endpoint;
    const namespace = metadata.namespace ?? '';
    const routes = this.#routesOf(endpoint, namespace);
    const routesKey = JSON.stringify([
      metadata.uid,
      endpoint.status?.traffic,
      routes.map(({ failure, isTroubled }) => [failure, isTroubled]),
    ]);
    const { split, sticky, entities } = previous?.routesKey === routesKey ? previous : makeSplit(routes);
    const label = `${namespace}/${metadata.name}`;
    return {
      namespace,
      name: metadata.name,
      uid: metadata.uid ?? '',
      label,
      publicName: publicNameOf(endpoint),
      claim: nameClaim(endpoint),
      suspended: spec.suspended,
      split,
      sticky,
      entities,
      routeOptimized: spec.routeOptimized,
      accounting: planAccounting(endpoint),
      routesKey,
      ...this.#limitsOf(endpoint, label, previous),
      ...this.#trafficOf(endpoint, label, previous),
    };
  }

  /** Counters go on as long as the limits are the same, and those who share them. */
  #limitsOf(
    endpoint: ServingEndpoint,
    label: string,
    previous: Row | undefined,
  ): Pick<Row, 'quota' | 'limitsKey'> {
    const { metadata, spec } = endpoint;
    const limitsKey = JSON.stringify([metadata.uid, spec.rateLimits, spec.routeOptimized]);
    if (previous?.limitsKey === limitsKey) return { quota: previous.quota, limitsKey };
    previous?.quota?.stop();
    return { quota: this.#quotaOf(endpoint, label), limitsKey };
  }

  #trafficOf(
    { metadata, spec }: ServingEndpoint,
    label: string,
    previous: Row | undefined,
  ): Pick<Row, 'traffic' | 'trafficKey'> {
    const trafficKey = JSON.stringify([metadata.uid, spec.routing, spec.aiGateway?.fallback]);
    const isSame = previous?.trafficKey === trafficKey;
    return { traffic: isSame ? previous.traffic : this.#makeTraffic(spec, label), trafficKey };
  }

  #quotaOf({ spec }: ServingEndpoint, label: string): EndpointQuota | undefined {
    const { rateLimits: limits = [], routeOptimized } = spec;
    if (limits.length === 0) return undefined;
    return new EndpointQuota({
      limits,
      label,
      share: this.#shares.poolOf(poolOf({ label, routeOptimized })),
    });
  }

  #routesOf({ metadata, spec, status }: ServingEndpoint, namespace: string): EntityRoute[] {
    const hasFallback = spec.aiGateway?.fallback?.enabled === true;
    return (status?.traffic ?? []).map(({ servedEntity, percent, deployment, configVersion }) => {
      const entity = status?.servedEntities?.find(
        (row) => row.name === servedEntity && row.configVersion === configVersion,
      );
      const target =
        deployment === undefined ? undefined : this.#targetOf(namespace, deployment, metadata.name);
      target?.wakeTimes.tell(wakeMsOf(entity));
      return {
        servedEntity,
        percent,
        target,
        failure: entity?.state === 'Failed' ? causeOf(entity) : undefined,
        isTroubled: hasFallback && entity?.state === 'Recovering',
      };
    });
  }

  #list(row: Row): void {
    const key = `${row.namespace}/${row.publicName}`;
    const rows = [...(this.#byPublicName.get(key) ?? []), row].sort((one, other) =>
      one.claim < other.claim ? -1 : 1,
    );
    this.#byPublicName.set(key, rows);
    this.#hostLabels.add(row.namespace, row.publicName);
  }

  #unlist(row: Row): void {
    const key = `${row.namespace}/${row.publicName}`;
    const rest = (this.#byPublicName.get(key) ?? []).filter((other) => other !== row);
    if (rest.length > 0) {
      this.#byPublicName.set(key, rest);
      return;
    }
    this.#byPublicName.delete(key);
    this.#hostLabels.remove(row.namespace, row.publicName);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

const poolOf = ({ label, routeOptimized }: Pick<RoutedEndpoint, 'label' | 'routeOptimized'>): string =>
  routeOptimized ? label : gatewayPool;

function makeSplit(routes: readonly EntityRoute[]): Pick<RoutedEndpoint, 'split' | 'sticky' | 'entities'> {
  return {
    split: new WeightedSplit(routes),
    sticky: new StickySplit(routes),
    entities: new Map(routes.map((route) => [route.servedEntity, route])),
  };
}

function wakeMsOf(entity: ServedEntityStatus | undefined): number | undefined {
  const seconds = entity?.coldStart?.totalSeconds;
  return seconds === undefined ? undefined : seconds * 1_000;
}

function causeOf({ reason, message }: ServedEntityStatus): string {
  const [firstLine = ''] = (message ?? '').split('\n', 1);
  const cause = [reason, firstLine].filter((part) => part !== undefined && part !== '').join(': ');
  return cause.length <= longestCause ? cause : `${cause.slice(0, longestCause)}…`;
}
