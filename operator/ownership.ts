/** Owns the question whose an object is: its controller's, as owner references tell. */
import type { KubeObject, ObjectMeta } from '../kube/resource.ts';

/** Returns the uid of the controller that an object belongs to. */
export function controllerUid(object: KubeObject): string | undefined {
  const metadata = object.metadata as ObjectMeta | undefined;
  return metadata?.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}
