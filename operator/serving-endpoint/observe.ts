/** Owns what a reconcile sees: everything that belongs to one endpoint, read from the stores at one moment. */
import type { PodsProgress } from '../../core/fetching/fetch-book.ts';
import type { DataPlaneKey } from '../../core/data-plane/token.ts';
import type { StoreState } from '../../core/quota/store-book.ts';
import { publicNameOf } from '../../core/routing/public-name.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { ServingRuntime } from '../../crds/schema/serving-runtime.ts';
import type * as kinds from '../../kube/kinds.ts';
import { keyOf } from '../../kube/resource.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { controllerUid, isGoing } from '../ownership.ts';
import { autoscalersOf } from '../scaling/endpoint-of.ts';
import type { ScalingMode } from '../scaling/scaling-mode.ts';
import type { RuntimeCandidate } from '../serving-runtime/select-runtime.ts';
import { byEndpoint, byPublicName } from '../stores.ts';
import type { Stores } from '../stores.ts';
import { sidecarSecretName } from './names.ts';
import type { EndpointIdentity } from './resources/owner.ts';

export interface Snapshot {
  readonly endpoint: ServingEndpoint;
  readonly identity: EndpointIdentity;
  /** Other endpoints of the namespace that claim the same public name. */
  readonly namesakes: readonly ServingEndpoint[];
  readonly revisions: readonly kinds.ControllerRevision[];
  /** By name; also objects that carry our labels and are not ours. */
  readonly deployments: ReadonlyMap<string, kinds.Deployment>;
  readonly services: ReadonlyMap<string, kinds.Service>;
  readonly configMaps: ReadonlyMap<string, kinds.ConfigMap>;
  readonly autoscalers: ReadonlyMap<string, kinds.HorizontalPodAutoscaler>;
  /** By Deployment: names of HPAs of others that scale it too. */
  readonly rivals: ReadonlyMap<string, readonly string[]>;
  readonly scalingMode: ScalingMode;
  readonly pods: readonly kinds.Pod[];
  /** By name of the pod: how far the fetch of its model is. */
  readonly fetches: PodsProgress;
  readonly sidecarSecret: kinds.Secret | undefined;
  /** By which gateways stand in for the sidecars, where callers come to those. */
  readonly slices: readonly kinds.EndpointSlice[];
  /** Of the Service of gateways that stand in. */
  readonly gateways: readonly kinds.EndpointSlice[];
  /** Public keys of data-plane tokens. */
  readonly dataPlaneKeys: readonly DataPlaneKey[];
  /** How it stands with the store that gateways count limits in; undefined: that is not clear yet. */
  readonly limitStore: StoreState | undefined;
  readonly runtimes: readonly RuntimeCandidate[];
}

/** What a reconcile sees beside the stores. */
export interface Surroundings {
  readonly scalingMode: ScalingMode;
  readonly fetches: PodsProgress;
  readonly dataPlaneKeys: readonly DataPlaneKey[];
  readonly limitStore: StoreState | undefined;
}

/** Returns the snapshot of an endpoint; undefined when there is no such endpoint. */
export function observe(
  stores: Stores,
  key: string,
  { scalingMode, fetches, dataPlaneKeys, limitStore }: Surroundings,
): Snapshot | undefined {
  const endpoint = stores.endpoints.store.get(key);
  if (endpoint === undefined) return undefined;
  const { name, namespace = '', uid = '' } = endpoint.metadata;
  const publicName = publicNameOf(endpoint);
  return {
    endpoint,
    identity: { name, namespace, uid },
    namesakes: stores.endpoints.store
      .byIndex(byPublicName, `${namespace}/${publicName}`)
      .filter((other) => other.metadata.uid !== uid),
    revisions: stores.revisions.store
      .byIndex(byEndpoint, key)
      .filter((revision) => controllerUid(revision) === uid),
    deployments: byName(stores.deployments.store.byIndex(byEndpoint, key)),
    services: byName(stores.services.store.byIndex(byEndpoint, key)),
    configMaps: byName(stores.configMaps.store.byIndex(byEndpoint, key)),
    autoscalers: byName(stores.autoscalers.store.byIndex(byEndpoint, key)),
    rivals: rivalsOf(stores, key),
    scalingMode: modeFor(endpoint, scalingMode),
    pods: stores.pods.store.byIndex(byEndpoint, key),
    fetches,
    slices: stores.endpointSlices.store.byIndex(byEndpoint, key),
    gateways: stores.gatewaySlices.store.list(),
    dataPlaneKeys,
    limitStore,
    sidecarSecret: stores.secrets.store.get(keyOf({ namespace, name: sidecarSecretName(name) })),
    runtimes: [
      ...stores.runtimes.store.list(namespace).map((runtime) => candidate(runtime, 'namespace')),
      ...stores.clusterRuntimes.store.list().map((runtime) => candidate(runtime, 'cluster')),
    ],
  };
}

/** An HPA of ours has the name of its Deployment. One that is just being deleted needs nobody's doing. */
function rivalsOf(stores: Stores, key: string): Map<string, string[]> {
  const rivals = stores.deployments.store.byIndex(byEndpoint, key).map((deployment) => {
    const name = deployment.metadata?.name ?? '';
    const names = autoscalersOf(stores, deployment)
      .filter((autoscaler) => !isGoing(autoscaler))
      .map(({ metadata }) => metadata?.name ?? '');
    return [name, names.filter((autoscaler) => autoscaler !== name)] as const;
  });
  return new Map(rivals.filter(([, names]) => names.length > 0).map(([name, names]) => [name, [...names]]));
}

function candidate(
  { metadata, spec }: Pick<ServingRuntime, 'metadata' | 'spec'>,
  scope: RuntimeCandidate['scope'],
): RuntimeCandidate {
  const { name, generation, creationTimestamp: createdAt = '' } = metadata;
  return { name, scope, generation, createdAt, spec };
}

function byName<Type extends KubeObject>(objects: readonly Type[]): ReadonlyMap<string, Type> {
  return new Map(objects.map((object) => [object.metadata?.name ?? '', object]));
}

/** Where callers come to the sidecars, gateways have to stand in before those go: an HPA would not wait for that. */
const modeFor = ({ spec }: ServingEndpoint, mode: ScalingMode): ScalingMode =>
  spec.routeOptimized ? { ...mode, nativeZero: 'off' } : mode;
