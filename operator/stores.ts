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
import { dropBulk } from '../kube/prepare-object.ts';
import { SharedParts } from '../kube/shared-parts.ts';
import type { KubeTransport } from '../kube/transport.ts';
import type { Logger } from '../platform/logging.ts';
import { webhookConfigurationName } from './admission/webhook-trust.ts';
import { directGatewayService } from './certificates/system-names.ts';
import { apiServiceName } from './metrics-adapter/reconcile-api-service.ts';
import { fieldManager, sliceManagerLabel } from './serving-endpoint/names.ts';

export interface Informers {
  readonly endpoints: Informer<ServingEndpoint>;
  readonly revisions: Informer<kinds.ControllerRevision>;
  readonly deployments: Informer<kinds.Deployment>;
  readonly pods: Informer<kinds.Pod>;
  readonly services: Informer<kinds.Service>;
  readonly configMaps: Informer<kinds.ConfigMap>;
  readonly secrets: Informer<kinds.Secret>;
  /** By which gateways stand in for the sidecars of route-optimised endpoints. */
  readonly endpointSlices: Informer<kinds.EndpointSlice>;
  /** Of the Service of gateways that stand in. */
  readonly gatewaySlices: Informer<kinds.EndpointSlice>;
  /** Of everybody: others may scale what is ours. */
  readonly autoscalers: Informer<kinds.HorizontalPodAutoscaler>;
  /** The one of the metrics API. */
  readonly apiServices: Informer<kinds.APIService>;
  /** The one that leads to the operator. */
  readonly validatingWebhooks: Informer<kinds.ValidatingWebhookConfiguration>;
  /** The one that leads to the operator. */
  readonly mutatingWebhooks: Informer<kinds.MutatingWebhookConfiguration>;
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

interface InformerOptions {
  readonly transport: KubeTransport;
  readonly log: Logger;
  readonly metrics: KubeMetrics;
  readonly parts: SharedParts;
}

/** Starts to watch everything. Objects of different kinds have much in common: labels, owners, certificates. */
export function startInformers(
  given: Omit<InformerOptions, 'parts'> & { readonly systemNamespace: string },
): Informers {
  const options: InformerOptions = { ...given, parts: new SharedParts() };
  const ours = `${labels.managedBy}=${fieldManager}`;
  const owned = <Type extends KubeObject>(kind: ResourceKind<Type>, labelSelector = ours): Informer<Type> =>
    startInformer({
      ...options,
      kind,
      labelSelector,
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
      transform: withoutSpec,
      indexes: {
        [byEndpoint]: (pod) => labelled(pod, labels.endpoint),
        [byDeployment]: (pod) => labelled(pod, labels.deployment),
      },
    }),
    services: owned(kinds.services),
    configMaps: owned(kinds.configMaps),
    secrets: owned(kinds.secrets),
    // Those that Kubernetes makes have the labels of our Services.
    endpointSlices: owned(kinds.endpointSlices, `${sliceManagerLabel}=${fieldManager}`),
    gatewaySlices: startInformer({
      ...options,
      kind: kinds.endpointSlices,
      namespace: given.systemNamespace,
      labelSelector: `kubernetes.io/service-name=${directGatewayService}`,
    }),
    ...startScalingInformers(options),
    ...startWebhookInformers(options),
    runtimes: startInformer({ ...options, kind: kinds.servingRuntimes }),
    clusterRuntimes: startInformer({ ...options, kind: kinds.clusterServingRuntimes }),
  };
}

/** What decides who scales. */
function startScalingInformers(options: InformerOptions): Pick<Informers, 'autoscalers' | 'apiServices'> {
  return {
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
  };
}

/** The configurations that lead to the operator. */
function startWebhookInformers(
  options: InformerOptions,
): Pick<Informers, 'validatingWebhooks' | 'mutatingWebhooks'> {
  const fieldSelector = `metadata.name=${webhookConfigurationName}`;
  return {
    validatingWebhooks: startInformer({
      ...options,
      kind: kinds.validatingWebhookConfigurations,
      fieldSelector,
    }),
    mutatingWebhooks: startInformer({ ...options, kind: kinds.mutatingWebhookConfigurations, fieldSelector }),
  };
}

export const allInformers = (informers: Informers): readonly Informer<KubeObject>[] =>
  Object.values(informers) as readonly Informer<KubeObject>[];

/** Returns `namespace/deployment` of what an HPA scales; undefined where that is no Deployment. */
export function scaleTargetOf({ metadata, spec }: kinds.HorizontalPodAutoscaler): string | undefined {
  const { kind, name } = spec.scaleTargetRef;
  return kind === 'Deployment' ? `${metadata?.namespace ?? ''}/${name}` : undefined;
}

/** What pods are to be stands in their Deployments; ten thousand copies of it would be a fifth of the memory. */
function withoutSpec(pod: kinds.Pod): kinds.Pod {
  const { spec: _spec, ...kept } = dropBulk(pod);
  return kept;
}

function labelled(object: KubeObject, label: string): string[] {
  const value = object.metadata?.labels?.[label];
  return value === undefined ? [] : [`${object.metadata?.namespace ?? ''}/${value}`];
}
