/** Owns the kinds that controllers and node agent work on: Kubernetes' own types as they look in JSON. */
import type {
  V1Container,
  V1ContainerStatus,
  V1DeploymentSpec,
  V1DeploymentStatus,
  V1Endpoint,
  V1EnvFromSource,
  V1EnvVar,
  V1LeaseSpec,
  V1NodeSpec,
  V1NodeStatus,
  V1PodSpec,
  V1PodStatus,
  V1PodTemplateSpec,
  V1Probe,
  V1ReplicaSetSpec,
  V1ReplicaSetStatus,
  V1ServiceSpec,
  V1Volume,
  V2HorizontalPodAutoscalerSpec,
  V2HorizontalPodAutoscalerStatus,
  DiscoveryV1EndpointPort,
} from '@kubernetes/client-node';
import type { KubeObject } from '../../apiserver/objects/kube-object.ts';

/** A type of the Kubernetes client as JSON carries it: times are RFC 3339 text. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T;

export type PodSpec = Wire<V1PodSpec>;
export type PodStatus = Wire<V1PodStatus>;
export type PodTemplate = Wire<V1PodTemplateSpec>;
export type Container = Wire<V1Container>;
export type ContainerStatus = Wire<V1ContainerStatus>;
export type EnvVar = Wire<V1EnvVar>;
export type EnvFromSource = Wire<V1EnvFromSource>;
export type Probe = Wire<V1Probe>;
export type Volume = Wire<V1Volume>;
export type PodCondition = NonNullable<PodStatus['conditions']>[number];
export type DeploymentStatus = Wire<V1DeploymentStatus>;
export type DeploymentCondition = NonNullable<DeploymentStatus['conditions']>[number];
export type ReplicaSetStatus = Wire<V1ReplicaSetStatus>;
export type AutoscalerSpec = Wire<V2HorizontalPodAutoscalerSpec>;
export type AutoscalerStatus = Wire<V2HorizontalPodAutoscalerStatus>;
export type Endpoint = Wire<V1Endpoint>;
export type EndpointPort = Wire<DiscoveryV1EndpointPort>;
export type LabelSelector = Wire<V1DeploymentSpec>['selector'];

export interface Pod extends KubeObject {
  spec: PodSpec;
  status?: PodStatus;
}

export interface Deployment extends KubeObject {
  spec: Wire<V1DeploymentSpec>;
  status?: DeploymentStatus;
}

export interface ReplicaSet extends KubeObject {
  spec: Wire<V1ReplicaSetSpec>;
  status?: ReplicaSetStatus;
}

export interface Service extends KubeObject {
  spec: Wire<V1ServiceSpec>;
}

export interface EndpointSlice extends KubeObject {
  addressType: string;
  endpoints?: Endpoint[];
  ports?: EndpointPort[];
}

export interface Autoscaler extends KubeObject {
  spec: AutoscalerSpec;
  status?: AutoscalerStatus;
}

export interface Node extends KubeObject {
  spec?: Wire<V1NodeSpec>;
  status?: Wire<V1NodeStatus>;
}

export interface Lease extends KubeObject {
  spec: Wire<V1LeaseSpec>;
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

export interface Secret extends KubeObject {
  data?: Record<string, string>;
  type?: string;
}

export interface ServiceAccount extends KubeObject {
  automountServiceAccountToken?: boolean;
}

/** Returns `namespace/name`, the key under which loops keep an object. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

export function parseKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Returns a time as Kubernetes writes it in objects: RFC 3339, whole seconds, UTC. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
