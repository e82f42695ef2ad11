/** Owns the table of the kinds that Fairlead reads and writes, with their types. */
import type {
  EventsV1Event,
  V1APIService,
  V1ConfigMap,
  V1ControllerRevision,
  V1CustomResourceDefinition,
  V1Deployment,
  V1EndpointSlice,
  V1Lease,
  V1MutatingWebhookConfiguration,
  V1Namespace,
  V1Pod,
  V1Scale,
  V1Secret,
  V1Service,
  V1SubjectAccessReview,
  V1TokenReview,
  V1ValidatingWebhookConfiguration,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';
import type { ServingEndpoint } from '../crds/schema/serving-endpoint.ts';
import type { ClusterServingRuntime, ServingRuntime } from '../crds/schema/serving-runtime.ts';
import { apiVersion as fairlead } from '../crds/schema/api.ts';
import { makeKind } from './resource.ts';
import type { Plain } from './resource.ts';

export type Namespace = Plain<V1Namespace>;
export type Pod = Plain<V1Pod>;
export type Service = Plain<V1Service>;
export type ConfigMap = Plain<V1ConfigMap>;
export type Secret = Plain<V1Secret>;
export type Deployment = Plain<V1Deployment>;
export type PodTemplate = NonNullable<Deployment['spec']>['template'];
export type Container = NonNullable<PodTemplate['spec']>['containers'][number];
export type ControllerRevision = Plain<V1ControllerRevision>;
export type HorizontalPodAutoscaler = Plain<V2HorizontalPodAutoscaler>;
export type EndpointSlice = Plain<V1EndpointSlice>;
export type Lease = Plain<V1Lease>;
export type Event = Plain<EventsV1Event>;
export type TokenReview = Plain<V1TokenReview>;
export type SubjectAccessReview = Plain<V1SubjectAccessReview>;
export type APIService = Plain<V1APIService>;
export type CustomResourceDefinition = Plain<V1CustomResourceDefinition>;
export type MutatingWebhookConfiguration = Plain<V1MutatingWebhookConfiguration>;
export type ValidatingWebhookConfiguration = Plain<V1ValidatingWebhookConfiguration>;
export type Scale = Plain<V1Scale>;

export const namespaces = makeKind<Namespace>('v1', 'Namespace', 'namespaces', 'cluster');
export const pods = makeKind<Pod>('v1', 'Pod', 'pods');
export const services = makeKind<Service>('v1', 'Service', 'services');
export const configMaps = makeKind<ConfigMap>('v1', 'ConfigMap', 'configmaps');
export const secrets = makeKind<Secret>('v1', 'Secret', 'secrets');
export const deployments = makeKind<Deployment>('apps/v1', 'Deployment', 'deployments');
export const controllerRevisions = makeKind<ControllerRevision>(
  'apps/v1',
  'ControllerRevision',
  'controllerrevisions',
);
export const horizontalPodAutoscalers = makeKind<HorizontalPodAutoscaler>(
  'autoscaling/v2',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
);
export const endpointSlices = makeKind<EndpointSlice>(
  'discovery.k8s.io/v1',
  'EndpointSlice',
  'endpointslices',
);
export const leases = makeKind<Lease>('coordination.k8s.io/v1', 'Lease', 'leases');
export const events = makeKind<Event>('events.k8s.io/v1', 'Event', 'events');
export const tokenReviews = makeKind<TokenReview>(
  'authentication.k8s.io/v1',
  'TokenReview',
  'tokenreviews',
  'cluster',
);
export const subjectAccessReviews = makeKind<SubjectAccessReview>(
  'authorization.k8s.io/v1',
  'SubjectAccessReview',
  'subjectaccessreviews',
  'cluster',
);
export const apiServices = makeKind<APIService>(
  'apiregistration.k8s.io/v1',
  'APIService',
  'apiservices',
  'cluster',
);
export const customResourceDefinitions = makeKind<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  'cluster',
);

export const mutatingWebhookConfigurations = makeKind<MutatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
  'cluster',
);
export const validatingWebhookConfigurations = makeKind<ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
  'cluster',
);

export const servingEndpoints = makeKind<ServingEndpoint>(fairlead, 'ServingEndpoint', 'servingendpoints');
export const servingRuntimes = makeKind<ServingRuntime>(fairlead, 'ServingRuntime', 'servingruntimes');
export const clusterServingRuntimes = makeKind<ClusterServingRuntime>(
  fairlead,
  'ClusterServingRuntime',
  'clusterservingruntimes',
  'cluster',
);
