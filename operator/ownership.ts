/** Owns the questions whose an object is (its controller's, as owner references tell) and whether it stays. */
import { apiGroup } from '../crds/schema/api.ts';
import type { KubeObject, ObjectMeta } from '../kube/resource.ts';

type OwnerReference = NonNullable<ObjectMeta['ownerReferences']>[number];

/** Returns the reference to the controller that an object belongs to. */
function controllerOf(object: KubeObject): OwnerReference | undefined {
  const metadata = object.metadata as ObjectMeta | undefined;
  return metadata?.ownerReferences?.find(({ controller }) => controller === true);
}

/** Returns the uid of the controller that an object belongs to. */
export const controllerUid = (object: KubeObject): string | undefined => controllerOf(object)?.uid;

/**
 * Returns whether an object belongs to an earlier endpoint with the name of the one with `uid`. That endpoint is gone,
 * because two never have one name at a time; the object is garbage that Kubernetes has yet to collect.
 */
export function isOfPredecessor(object: KubeObject, endpoint: { name: string; uid: string }): boolean {
  const owner = controllerOf(object);
  return (
    owner?.kind === 'ServingEndpoint' &&
    owner.apiVersion.startsWith(`${apiGroup}/`) &&
    owner.name === endpoint.name &&
    owner.uid !== endpoint.uid
  );
}

/** Returns whether `observed` belongs to an earlier endpoint with the name of the one that `wanted` belongs to. */
export function isLeftOver(wanted: KubeObject, observed: KubeObject): boolean {
  const owner = controllerOf(wanted);
  return owner !== undefined && isOfPredecessor(observed, owner);
}

/** Returns whether an object is being deleted. */
export const isGoing = (object: KubeObject): boolean =>
  (object.metadata as ObjectMeta | undefined)?.deletionTimestamp !== undefined;
