/** Owns what the objects of one served entity are made from. */
import type { DataPlaneKey } from '../../../core/data-plane/token.ts';
import type { ServedEntity } from '../../../crds/schema/served-entity.ts';
import type { RateLimit } from '../../../crds/schema/governance.ts';
import type { Routing } from '../../../crds/schema/routing.ts';
import type { ScalingRules } from '../../../core/scaling/scaling-rules.ts';
import type { ObjectMeta } from '../../../kube/resource.ts';
import type { OperatorConfig } from '../../config/operator-config.ts';
import type { WorkloadType } from '../../config/workload-types.ts';
import type { RuntimeCandidate } from '../../serving-runtime/select-runtime.ts';
import { deploymentLabels } from '../names.ts';
import { ownerReference } from './owner.ts';
import type { EndpointIdentity } from './owner.ts';

export type ModelEntity = ServedEntity & { readonly model: NonNullable<ServedEntity['model']> };

/** What a sidecar needs to know callers, and to be found by them. */
export interface DirectAccess {
  readonly publicName: string;
  /** Public keys of data-plane tokens. */
  readonly keys: readonly DataPlaneKey[];
}

/** One Deployment to be, with everything that its objects depend on. */
export interface Blueprint {
  readonly endpoint: EndpointIdentity;
  readonly entity: ModelEntity;
  /** Name of the Deployment, its Service, its HPA and its ConfigMap. */
  readonly name: string;
  /** The config version that first needed it. */
  readonly configVersion: number;
  readonly runtime: RuntimeCandidate;
  /** What the workload type of the entity means in this cluster. */
  readonly hardware: WorkloadType;
  readonly rateLimits: readonly RateLimit[];
  /** Time limits that the endpoint asks for. */
  readonly timeouts: Routing['timeouts'];
  readonly scaling: ScalingRules;
  /** How callers come to the sidecars; undefined: they come to gateways alone. */
  readonly direct: DirectAccess | undefined;
  readonly config: OperatorConfig;
}

/** Returns the metadata that all objects of the entity share. */
export function blueprintMetadata(blueprint: Blueprint, annotations?: Record<string, string>): ObjectMeta {
  const { endpoint, entity, name } = blueprint;
  return {
    name,
    namespace: endpoint.namespace,
    labels: deploymentLabels(endpoint.name, entity.name, name),
    ...(annotations === undefined ? {} : { annotations }),
    ownerReferences: [ownerReference(endpoint)],
  };
}
