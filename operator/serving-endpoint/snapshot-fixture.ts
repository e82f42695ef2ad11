/** Owns snapshots of endpoints for tests, as the stores would show them. */
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { configOf } from '../../core/config-versions/endpoint-config.ts';
import type { ConfigVersion } from '../../core/config-versions/endpoint-config.ts';
import type { Deployment, HorizontalPodAutoscaler, Pod } from '../../kube/kinds.ts';
import { aDeployment } from '../../test/support/a-deployment.ts';
import { aConfig, aRuntime } from '../operator-fixture.ts';
import { deploymentName } from './names.ts';
import type { Snapshot } from './observe.ts';
import { makeControllerRevision } from './resources/make-controller-revision.ts';

export const config = aConfig();

/** Returns what is seen of an endpoint of which nothing has been made yet. */
export function aSnapshot(endpoint: ServingEndpoint, seen: Partial<Snapshot> = {}): Snapshot {
  const { name, namespace = '', uid = '' } = endpoint.metadata;
  return {
    endpoint,
    identity: { name, namespace, uid },
    namesakes: [],
    revisions: [],
    deployments: new Map(),
    services: new Map(),
    configMaps: new Map(),
    autoscalers: new Map(),
    rivals: new Map(),
    scalingMode: { metricsApi: 'ours', nativeZero: 'off' },
    pods: [],
    fetches: new Map(),
    sidecarSecret: undefined,
    slices: [],
    gateways: [],
    dataPlaneKeys: [],
    limitStore: undefined,
    runtimes: [aRuntime('mlflow-python')],
    ...seen,
  };
}

/** Returns the record of a config version: what the endpoint asked for then. */
export const aRevision = (endpoint: ServingEndpoint, version: number) => {
  const { name, namespace = '', uid = '' } = endpoint.metadata;
  const entry: ConfigVersion = { version, config: configOf(endpoint.spec) };
  const revision = makeControllerRevision({ name, namespace, uid }, entry);
  return { ...revision, metadata: { ...revision.metadata, uid: `uid-of-${name}-${version}` } };
};

export interface Replicas {
  readonly desired?: number;
  readonly ready?: number;
}

/** Returns the Deployment of one of the endpoint's entities; by default with its one replica ready. */
export function deploymentFor(
  endpoint: ServingEndpoint,
  entity: string,
  replicas: Replicas = {},
): Deployment {
  const { desired = 1, ready = desired } = replicas;
  const served = endpoint.spec.servedEntities.find(({ name }) => name === entity);
  if (served === undefined) throw new Error(`the endpoint has no entity "${entity}"`);
  const name = deploymentName(endpoint.metadata.name, served);
  const built = aDeployment(name).servingFor(endpoint, entity).withReplicas(desired).withReady(ready).build();
  return {
    ...built,
    metadata: { ...built.metadata, resourceVersion: '7' },
    status: { ...built.status, updatedReplicas: desired },
  };
}

export const byName = <Type extends Deployment | HorizontalPodAutoscaler | Pod>(...objects: Type[]) =>
  new Map(objects.map((object) => [object.metadata?.name ?? '', object]));
