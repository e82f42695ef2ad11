/** Owns the watched collections that the operator decides from: only what carries its labels, besides its own kinds. */
import { publicNameOf } from '../core/routing/public-name.ts';
import { labels } from '../crds/schema/api.ts';
import type { ServingEndpoint } from '../crds/schema/serving-endpoint.ts';
import type { ClusterServingRuntime, ServingRuntime } from '../crds/schema/serving-runtime.ts';
import { startInformer } from '../kube/informer.ts';
import type { Informer } from '../kube/informer.ts';
import type { KubeMetrics } from '../kube/kube-metrics.ts';
import * as kinds from '../kube/kinds.ts';
import type { KubeObject, ResourceKind } from '../kube/resource.ts';
import type { KubeTransport } from '../kube/transport.ts';
import type { Logger } from '../platform/logging.ts';
import { apiServiceName } from './metrics-adapter/reconcile-api-service.ts';
import { fieldManager } from './serving-endpoint/names.ts';

export interface Informers {
  readonly endpoints: Informer<ServingEndpoint>;
  readonly revisions: Informer<kinds.ControllerRevision>;
  readonly deployments: Informer<kinds.Deployment>;
  readonly pods: Informer<kinds.Pod>;
  readonly services: Informer<kinds.Service>;
  readonly configMaps: Informer<kinds.ConfigMap>;
  readonly secrets: Informer<kinds.Secret>;
  /** Of everybody: others may scale what is ours. */
  readonly autoscalers: Informer<kinds.HorizontalPodAutoscaler>;
  /** The one of the metrics API. */
  readonly apiServices: Informer<kinds.APIService>;
  readonly runtimes: Informer<ServingRuntime>;
  readonly clusterRuntimes: Informer<ClusterServingRuntime>;
}

/** What a reader of the collections needs. */
export type Stores = { readonly [Name in keyof Informers]: Pick<Informers[Name], 'store'> };

/** Index: `namespace/endpoint` → the objects that belong to the endpoint. */
export const byEndpoint = 'endpoint';
/** Index: `namespace/deployment` → the pods of the Deployment. */
export const byDeployment = 'deployment';
/** Index: `namespace/deployment` → the HPAs that scale the Deployment. */
export const byScaleTarget = 'scaleTarget';
/** Index: `namespace/public name` → the endpoints that claim the name. */
export const byPublicName = 'publicName';

/** Starts to watch everything. */
export function startInformers(options: {
  readonly transport: KubeTransport;
  readonly log: Logger;
  readonly metrics: KubeMetrics;
}): Informers {
  const ours = `${labels.managedBy}=${fieldManager}`;
  const owned = <Type extends KubeObject>(kind: ResourceKind<Type>): Informer<Type> =>
    startInformer({
      ...options,
      kind,
      labelSelector: ours,
      indexes: { [byEndpoint]: (object) => labelled(object, labels.endpoint) },
    });
  return {
    endpoints: startInformer({
      ...options,
      kind: kinds.servingEndpoints,
      indexes: {
        [byPublicName]: (endpoint) => [`${endpoint.metadata.namespace ?? ''}/${publicNameOf(endpoint)}`],
      },
    }),
    revisions: owned(kinds.controllerRevisions),
    deployments: owned(kinds.deployments),
    pods: startInformer({
      ...options,
      kind: kinds.pods,
      labelSelector: ours,
      indexes: {
        [byEndpoint]: (pod) => labelled(pod, labels.endpoint),
        [byDeployment]: (pod) => labelled(pod, labels.deployment),
      },
    }),
    services: owned(kinds.services),
    configMaps: owned(kinds.configMaps),
    secrets: owned(kinds.secrets),
    autoscalers: startInformer({
      ...options,
      kind: kinds.horizontalPodAutoscalers,
      indexes: {
        [byEndpoint]: (autoscaler) => labelled(autoscaler, labels.endpoint),
        [byScaleTarget]: (autoscaler) => [scaleTargetOf(autoscaler)].filter((target) => target !== undefined),
      },
    }),
    apiServices: startInformer({
      ...options,
      kind: kinds.apiServices,
      fieldSelector: `metadata.name=${apiServiceName}`,
    }),
    runtimes: startInformer({ ...options, kind: kinds.servingRuntimes }),
    clusterRuntimes: startInformer({ ...options, kind: kinds.clusterServingRuntimes }),
  };
}

export const allInformers = (informers: Informers): readonly Informer<KubeObject>[] =>
  Object.values(informers) as readonly Informer<KubeObject>[];

/** Returns `namespace/deployment` of what an HPA scales; undefined where that is no Deployment. */
export function scaleTargetOf({ metadata, spec }: kinds.HorizontalPodAutoscaler): string | undefined {
  const { kind, name } = spec?.scaleTargetRef ?? {};
  return kind === 'Deployment' ? `${metadata?.namespace ?? ''}/${name ?? ''}` : undefined;
}

function labelled(object: KubeObject, label: string): string[] {
  const value = object.metadata?.labels?.[label];
  return value === undefined ? [] : [`${object.metadata?.namespace ?? ''}/${value}`];
}
