/** Owns what is done to an object when it arrives, before anybody keeps it: without bulk, in parts that others share, frozen. */
import type { KubeObject } from './resource.ts';
import type { SharedParts } from './shared-parts.ts';

/** Removes in place what no reader needs and makes caches several times larger: managedFields, last-applied. */
export function dropBulk<Type extends KubeObject>(object: Type): Type {
  const metadata: (NonNullable<KubeObject['metadata']> & { managedFields?: unknown }) | undefined =
    object.metadata;
  if (metadata !== undefined) {
    delete metadata.managedFields;
    if (metadata.annotations !== undefined)
      delete metadata.annotations['kubectl.kubernetes.io/last-applied-configuration'];
  }
  return object;
}

/** Returns the function that makes a parsed object one to keep; it may change the object that it is given. */
export const makePrepare =
  <Type extends KubeObject>(
    parts: SharedParts,
    transform: (object: Type) => Type = dropBulk,
  ): ((object: Type) => Type) =>
  (object) =>
    parts.share(transform(object));
