/** Owns whether an object in the cluster is ours and is as we want it, judged from what the stores know. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/config-versions/canonical-json.ts';
import { labels } from '../../crds/schema/api.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { controllerUid, isLeftOver } from '../ownership.ts';
import { sameQuantity } from './quantity.ts';

/** On every object that is applied: the hash of what was applied, by which a field that we no longer want is noticed. */
const appliedHashAnnotation = 'serving.fairlead.dev/applied';

/** `leftOver`: of an earlier endpoint of the same name, and about to be collected. */
export type ChildVerdict = 'current' | 'missing' | 'outdated' | Taken;

/** Whose an object is that has our name and is not ours. */
export type Taken = 'notOwned' | 'leftOver';

/**
 * Compares an object with what it should be. It is outdated when something else was applied last, or when a field that
 * was applied has another value now: somebody changed it by hand.
 */
export function checkChild(wanted: KubeObject, observed: KubeObject | undefined): ChildVerdict {
  if (observed === undefined) return 'missing';
  const taken = takenBy(wanted, observed);
  if (taken !== undefined) return taken;
  if (observed.metadata?.annotations?.[appliedHashAnnotation] !== appliedHash(wanted)) return 'outdated';
  return contains(observed, wanted) ? 'current' : 'outdated';
}

/** Returns whose `observed` is; undefined: ours. */
export function takenBy(wanted: KubeObject, observed: KubeObject): Taken | undefined {
  if (isOwned(wanted, observed)) return undefined;
  return isLeftOver(wanted, observed) ? 'leftOver' : 'notOwned';
}

/** Returns whether the controller of `observed` is the one that `wanted` names; objects without one are told by label. */
export function isOwned(wanted: KubeObject, observed: KubeObject): boolean {
  const owner = controllerUid(wanted);
  if (owner !== undefined) return controllerUid(observed) === owner;
  return observed.metadata?.labels?.[labels.managedBy] === wanted.metadata?.labels?.[labels.managedBy];
}

/** Returns the hash of what is applied. */
export const appliedHash = (wanted: KubeObject): string =>
  createHash('sha256').update(canonicalJson(wanted)).digest('hex').slice(0, 16);

/** Returns `wanted` with the hash of itself on it: what is sent to the API server. */
export function withAppliedHash<Type extends KubeObject>(wanted: Type): Type {
  const annotations = { ...wanted.metadata?.annotations, [appliedHashAnnotation]: appliedHash(wanted) };
  return { ...wanted, metadata: { ...wanted.metadata, annotations } };
}

/** Whether each field of `wanted` is in `observed`, which may have more: defaults, status, fields of others. */
function contains(observed: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) return containsList(observed, wanted);
  if (typeof wanted === 'object' && wanted !== null) {
    const fields =
      typeof observed === 'object' && observed !== null ? (observed as Record<string, unknown>) : {};
    return Object.entries(wanted).every(([field, value]) => contains(fields[field], value));
  }
  // The API server drops what is empty: "" and an absent field are the same to it.
  if (wanted === undefined || wanted === '')
    return observed === undefined || observed === '' || wanted === undefined;
  return observed === wanted || sameQuantity(observed, wanted);
}

function containsList(observed: unknown, wanted: readonly unknown[]): boolean {
  const items: readonly unknown[] = Array.isArray(observed) ? observed : [];
  // Somebody (a webhook that injects a container, say) may have added entries; ours must be there, in our order.
  let from = 0;
  for (const item of wanted) {
    const index = items.findIndex((candidate, position) => position >= from && contains(candidate, item));
    if (index === -1) return false;
    from = index + 1;
  }
  return true;
}
