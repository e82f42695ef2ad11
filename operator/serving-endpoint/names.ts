/** Owns the names and labels of everything that belongs to an endpoint; no other file composes them. */
import { entityHash } from '../../core/config-versions/entity-hash.ts';
import { labels } from '../../crds/schema/api.ts';
import type { ServedEntity } from '../../crds/schema/served-entity.ts';

/** The field manager of everything that the operator applies. */
export const fieldManager = 'fairlead-operator';

/** The field manager of the replicas that the operator sets; apart, so that an apply without replicas leaves them. */
export const scaleFieldManager = 'fairlead-operator-scale';

/** On an EndpointSlice: who looks after it. Kubernetes' own controller leaves slices alone that somebody else manages. */
export const sliceManagerLabel = 'endpointslice.kubernetes.io/managed-by';

/** On a Deployment: after how much idle time it goes to zero; absent: never. */
export const idleAfterAnnotation = 'serving.fairlead.dev/idle-after';

/** On a Deployment: the rules by which its replicas follow demand, as JSON (`core/scaling/scaling-rules.ts`). */
export const scalingAnnotation = 'serving.fairlead.dev/scaling';

/** On a Deployment: the runtime that was chosen when it was made. */
export const runtimeAnnotation = 'serving.fairlead.dev/runtime';

const longestLabel = 63;
const hashLength = 10;

/**
 * Returns the name of the Deployment of an entity, also of its Service, HPA and ConfigMap. It is a DNS label that
 * begins with a letter, as Services need; what is cut or replaced for that is told apart by the hash.
 */
export function deploymentName(endpoint: string, entity: ServedEntity): string {
  const label = endpoint.replaceAll('.', '-');
  const prefix = (/^[a-z]/.test(label) ? label : `e-${label}`).slice(0, longestLabel - hashLength - 1);
  return `${prefix.replace(/-+$/, '')}-${entityHash(endpoint, entity)}`;
}

export const sidecarSecretName = (endpoint: string): string => `${endpoint}-sidecar-tls`;

export const revisionName = (endpoint: string, version: number): string => `${endpoint}-config-${version}`;

/** Returns the labels of an object that belongs to an endpoint as a whole. */
export function endpointLabels(endpoint: string): Record<string, string> {
  return { [labels.endpoint]: endpoint, [labels.managedBy]: fieldManager, [labels.partOf]: 'fairlead' };
}

/** Returns the labels of an object that belongs to one Deployment of an endpoint. */
export function deploymentLabels(
  endpoint: string,
  servedEntity: string,
  deployment: string,
): Record<string, string> {
  return {
    ...endpointLabels(endpoint),
    [labels.servedEntity]: servedEntity,
    [labels.deployment]: deployment,
  };
}
