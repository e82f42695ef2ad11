/** Owns which objects a controller may call its children: by controller reference, adopted and released by labels. */
import type { KubeObject, OwnerReference } from '../../apiserver/objects/kube-object.ts';
import type { LabelSelector } from './kinds.ts';
import { matchesSelector } from './selector.ts';

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

export function makeControllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export interface Claims<T extends KubeObject> {
  /** Children that are ours already. */
  readonly owned: readonly T[];
  /** Orphans whose labels match: they become ours. */
  readonly adopt: readonly T[];
  /** Ours by reference, but no longer by labels: they are let go. */
  readonly release: readonly T[];
}

/**
 * Returns what `owner` owns of `candidates` (its children and the orphans of its namespace). An owner that is being
 * deleted adopts nothing, and nothing that is being deleted is adopted (rule of the Kubernetes controllers).
 */
export function planClaims<T extends KubeObject>(
  owner: KubeObject,
  selector: LabelSelector,
  candidates: readonly T[],
): Claims<T> {
  const owned: T[] = [];
  const adopt: T[] = [];
  const release: T[] = [];
  const deleting = owner.metadata.deletionTimestamp !== undefined;
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    const matches = matchesSelector(selector, candidate.metadata.labels);
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (matches || deleting) owned.push(candidate);
      else release.push(candidate);
    } else if (matches && !deleting && candidate.metadata.deletionTimestamp === undefined) {
      adopt.push(candidate);
    }
  }
  return { owned, adopt, release };
}

/** Returns the merge patch that makes `owner` the controller of `child`; refused if the child changed meanwhile. */
export function adoptionPatch(owner: KubeObject, child: KubeObject): Record<string, unknown> {
  const ownerReferences = [...(child.metadata.ownerReferences ?? []), makeControllerReference(owner)];
  return {
    metadata: { uid: child.metadata.uid, resourceVersion: child.metadata.resourceVersion, ownerReferences },
  };
}

/** Returns the merge patch that takes `owner` out of the references of `child`. */
export function releasePatch(owner: KubeObject, child: KubeObject): Record<string, unknown> {
  const ownerReferences = (child.metadata.ownerReferences ?? []).filter(
    (reference) => reference.uid !== owner.metadata.uid,
  );
  return {
    metadata: { uid: child.metadata.uid, resourceVersion: child.metadata.resourceVersion, ownerReferences },
  };
}
