/** Owns the table of built-in kinds: names, scopes, subresources, and the rules of each. One table, so longer than 300 lines. */
import {
  mutatingConfigurationStrategy,
  validatingConfigurationStrategy,
} from '../admission/configuration-rules.ts';
import type { ResourceType, ScalePaths, Strategy } from '../resources/resource-type.ts';
import { crdStrategy } from '../crd/definition-rules.ts';
import { apiServiceStrategy } from '../aggregation/api-service-rules.ts';
import { eventFromStored, eventToStored } from './kinds/event.ts';
import { podStrategy } from './kinds/pod.ts';
import { serviceStrategy } from './kinds/service.ts';
import {
  autoscalerStrategy,
  configMapStrategy,
  endpointSliceStrategy,
  ingressStrategy,
  namespaceStrategy,
  networkPolicyStrategy,
  noRules,
  pathNamed,
  resourceQuotaStrategy,
  roleBindingStrategy,
  roleStrategy,
  secretStrategy,
} from './kinds/small-kinds.ts';
import { controllerRevisionStrategy, deploymentStrategy, replicaSetStrategy } from './kinds/workloads.ts';

/** One kind: only what differs from the usual is said. */
export interface KindRow {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly inAll?: boolean;
  readonly cluster?: boolean;
  readonly status?: boolean;
  readonly scale?: ScalePaths;
  readonly calls?: readonly string[];
  readonly generation?: boolean;
  readonly verbs?: readonly string[];
  readonly strategy?: Strategy;
  /** OpenAPI model, where it is not `<prefix>.<Kind>`. */
  readonly storage?: string;
  readonly toStored?: ResourceType['toStored'];
  readonly fromStored?: ResourceType['fromStored'];
}

export interface KindGroup {
  readonly group: string;
  readonly version: string;
  readonly modelPrefix: string;
  readonly rows: readonly KindRow[];
}

const replicaPaths: ScalePaths = { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas' };
const createOnly = ['create'];

const core: KindGroup = {
  group: '',
  version: 'v1',
  modelPrefix: 'io.k8s.api.core.v1',
  rows: [
    { kind: 'ConfigMap', plural: 'configmaps', shortNames: ['cm'], strategy: configMapStrategy },
    { kind: 'Endpoints', plural: 'endpoints', shortNames: ['ep'], strategy: noRules },
    { kind: 'Event', plural: 'events', shortNames: ['ev'], strategy: pathNamed },
    {
      kind: 'Namespace',
      plural: 'namespaces',
      shortNames: ['ns'],
      cluster: true,
      status: true,
      strategy: namespaceStrategy,
    },
    { kind: 'Node', plural: 'nodes', shortNames: ['no'], cluster: true, status: true },
    {
      kind: 'Pod',
      plural: 'pods',
      shortNames: ['po'],
      inAll: true,
      status: true,
      generation: true,
      calls: ['log', 'eviction', 'exec', 'attach', 'portforward', 'proxy'],
      strategy: podStrategy,
    },
    {
      kind: 'ResourceQuota',
      plural: 'resourcequotas',
      shortNames: ['quota'],
      status: true,
      strategy: resourceQuotaStrategy,
    },
    { kind: 'Secret', plural: 'secrets', strategy: secretStrategy },
    { kind: 'ServiceAccount', plural: 'serviceaccounts', shortNames: ['sa'], calls: ['token'] },
    {
      kind: 'Service',
      plural: 'services',
      shortNames: ['svc'],
      inAll: true,
      status: true,
      strategy: serviceStrategy,
    },
  ],
};

/** In the order of discovery. */
export const builtinGroups: readonly KindGroup[] = [
  core,
  {
    group: 'apiregistration.k8s.io',
    version: 'v1',
    modelPrefix: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
    rows: [
      {
        kind: 'APIService',
        plural: 'apiservices',
        cluster: true,
        status: true,
        strategy: apiServiceStrategy,
      },
    ],
  },
  {
    group: 'apps',
    version: 'v1',
    modelPrefix: 'io.k8s.api.apps.v1',
    rows: [
      { kind: 'ControllerRevision', plural: 'controllerrevisions', strategy: controllerRevisionStrategy },
      {
        kind: 'Deployment',
        plural: 'deployments',
        shortNames: ['deploy'],
        inAll: true,
        status: true,
        scale: replicaPaths,
        generation: true,
        strategy: deploymentStrategy,
      },
      {
        kind: 'ReplicaSet',
        plural: 'replicasets',
        shortNames: ['rs'],
        inAll: true,
        status: true,
        scale: replicaPaths,
        generation: true,
        strategy: replicaSetStrategy,
      },
    ],
  },
  {
    group: 'events.k8s.io',
    version: 'v1',
    modelPrefix: 'io.k8s.api.events.v1',
    rows: [
      {
        kind: 'Event',
        plural: 'events',
        shortNames: ['ev'],
        strategy: pathNamed,
        storage: 'events',
        toStored: eventToStored,
        fromStored: eventFromStored,
      },
    ],
  },
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    modelPrefix: 'io.k8s.api.authentication.v1',
    rows: [
      { kind: 'SelfSubjectReview', plural: 'selfsubjectreviews', cluster: true, verbs: createOnly },
      { kind: 'TokenReview', plural: 'tokenreviews', cluster: true, verbs: createOnly },
    ],
  },
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    modelPrefix: 'io.k8s.api.authorization.v1',
    rows: [
      { kind: 'LocalSubjectAccessReview', plural: 'localsubjectaccessreviews', verbs: createOnly },
      {
        kind: 'SelfSubjectAccessReview',
        plural: 'selfsubjectaccessreviews',
        cluster: true,
        verbs: createOnly,
      },
      { kind: 'SelfSubjectRulesReview', plural: 'selfsubjectrulesreviews', cluster: true, verbs: createOnly },
      { kind: 'SubjectAccessReview', plural: 'subjectaccessreviews', cluster: true, verbs: createOnly },
    ],
  },
  {
    group: 'autoscaling',
    version: 'v2',
    modelPrefix: 'io.k8s.api.autoscaling.v2',
    rows: [
      {
        kind: 'HorizontalPodAutoscaler',
        plural: 'horizontalpodautoscalers',
        shortNames: ['hpa'],
        inAll: true,
        status: true,
        strategy: autoscalerStrategy,
      },
    ],
  },
  {
    group: 'networking.k8s.io',
    version: 'v1',
    modelPrefix: 'io.k8s.api.networking.v1',
    rows: [
      {
        kind: 'Ingress',
        plural: 'ingresses',
        shortNames: ['ing'],
        status: true,
        generation: true,
        strategy: ingressStrategy,
      },
      {
        kind: 'NetworkPolicy',
        plural: 'networkpolicies',
        shortNames: ['netpol'],
        generation: true,
        strategy: networkPolicyStrategy,
      },
    ],
  },
  {
    group: 'policy',
    version: 'v1',
    modelPrefix: 'io.k8s.api.policy.v1',
    rows: [
      {
        kind: 'PodDisruptionBudget',
        plural: 'poddisruptionbudgets',
        shortNames: ['pdb'],
        status: true,
        generation: true,
      },
    ],
  },
  {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    modelPrefix: 'io.k8s.api.rbac.v1',
    rows: [
      {
        kind: 'ClusterRoleBinding',
        plural: 'clusterrolebindings',
        cluster: true,
        strategy: roleBindingStrategy,
      },
      { kind: 'ClusterRole', plural: 'clusterroles', cluster: true, strategy: roleStrategy },
      { kind: 'RoleBinding', plural: 'rolebindings', strategy: roleBindingStrategy },
      { kind: 'Role', plural: 'roles', strategy: roleStrategy },
    ],
  },
  {
    group: 'storage.k8s.io',
    version: 'v1',
    modelPrefix: 'io.k8s.api.storage.v1',
    rows: [{ kind: 'StorageClass', plural: 'storageclasses', shortNames: ['sc'], cluster: true }],
  },
  {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    modelPrefix: 'io.k8s.api.admissionregistration.v1',
    rows: [
      {
        kind: 'MutatingWebhookConfiguration',
        plural: 'mutatingwebhookconfigurations',
        cluster: true,
        generation: true,
        strategy: mutatingConfigurationStrategy,
      },
      {
        kind: 'ValidatingWebhookConfiguration',
        plural: 'validatingwebhookconfigurations',
        cluster: true,
        generation: true,
        strategy: validatingConfigurationStrategy,
      },
    ],
  },
  {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    modelPrefix: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
    rows: [
      {
        kind: 'CustomResourceDefinition',
        plural: 'customresourcedefinitions',
        shortNames: ['crd', 'crds'],
        cluster: true,
        status: true,
        generation: true,
        strategy: crdStrategy,
      },
    ],
  },
  {
    group: 'scheduling.k8s.io',
    version: 'v1',
    modelPrefix: 'io.k8s.api.scheduling.v1',
    rows: [{ kind: 'PriorityClass', plural: 'priorityclasses', shortNames: ['pc'], cluster: true }],
  },
  {
    group: 'coordination.k8s.io',
    version: 'v1',
    modelPrefix: 'io.k8s.api.coordination.v1',
    rows: [{ kind: 'Lease', plural: 'leases' }],
  },
  {
    group: 'discovery.k8s.io',
    version: 'v1',
    modelPrefix: 'io.k8s.api.discovery.v1',
    rows: [{ kind: 'EndpointSlice', plural: 'endpointslices', strategy: endpointSliceStrategy }],
  },
];
