/** Owns how children name the endpoint that they belong to: the garbage collector cleans up by it. */
import { apiVersion } from '../../../crds/schema/api.ts';
import type { ObjectMeta } from '../../../kube/resource.ts';

/** What the children need to know of their endpoint. */
export interface EndpointIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export type OwnerReference = NonNullable<ObjectMeta['ownerReferences']>[number];

/** Returns the reference that makes an object a child of the endpoint, and the endpoint its only controller. */
export function ownerReference(endpoint: EndpointIdentity): OwnerReference {
  return {
    apiVersion,
    kind: 'ServingEndpoint',
    name: endpoint.name,
    uid: endpoint.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
