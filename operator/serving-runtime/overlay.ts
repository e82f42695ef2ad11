/** Owns the overlay of a pod template: a strategic merge by the merge keys of Kubernetes' pod API. */
import { alternativesOf, mergeKeys } from './pod-fields.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Returns `base` with `overlay` merged over it: objects field by field, null removes a field, lists that Kubernetes
 * merges by a key entry by entry, any other list is replaced. The directives `$patch: delete | replace` and
 * `$retainKeys` do what they do in Kubernetes. Fields that nobody here knows are merged like all others.
 *
 * Some rules go beyond Kubernetes'. New entries of a list come last (there first), so that init containers that are added
 * find the model there and the sidecar running. `$patch: replace` in an entry that has more to say replaces that entry
 * (as in kustomize; the API server would replace the list and drop the entry). `args` of a container that exists are
 * appended to those that it has (KServe's rule), unless the overlay gives its `command` as well: these are the arguments
 * of another program. And of fields that exclude one another (value and valueFrom, the sources of a volume) the one that
 * the overlay sets takes the other away.
 */
export function overlayTemplate(base: JsonObject, overlay: JsonObject): JsonObject {
  const retained = overlay['$retainKeys'];
  const kept = Object.entries(base).filter(([field]) => !Array.isArray(retained) || retained.includes(field));
  const merged = new Map(kept);
  for (const [field, value] of Object.entries(overlay)) {
    if (field === '$patch' || field === '$retainKeys') continue;
    if (value === null || (isObject(value) && value['$patch'] === 'delete')) merged.delete(field);
    else merged.set(field, mergeValue(field, merged.get(field), value));
  }
  return Object.fromEntries(merged);
}

function mergeValue(field: string, base: unknown, overlay: unknown): unknown {
  const keys = mergeKeys[field];
  if (keys !== undefined && isObjectList(overlay)) {
    return mergeList(field, keys, isObjectList(base) ? base : [], overlay);
  }
  if (!isObject(overlay)) return overlay;
  if (overlay['$patch'] === 'replace') return withoutDirective(overlay);
  return mergeObject(field, isObject(base) ? base : {}, overlay);
}

function mergeList(
  field: string,
  keys: readonly string[],
  base: readonly JsonObject[],
  overlay: readonly JsonObject[],
): JsonObject[] {
  const replacesAll = overlay.some(
    (entry) => Object.keys(entry).length === 1 && entry['$patch'] === 'replace',
  );
  const merged = replacesAll ? [] : [...base];
  for (const entry of overlay) {
    const index = merged.findIndex((known) => keys.every((key) => sameKey(key, known[key], entry[key])));
    const known = merged[index];
    if (entry['$patch'] === 'delete') {
      if (known !== undefined) merged.splice(index, 1);
    } else if (entry['$patch'] === 'replace') {
      const replacement = withoutDirective(entry);
      if (known !== undefined) merged[index] = replacement;
      else if (Object.keys(replacement).length > 0) merged.push(replacement);
    } else if (known === undefined) merged.push(overlayTemplate({}, entry));
    else merged[index] = mergeObject(field, known, entry);
  }
  return merged;
}

function mergeObject(field: string, base: JsonObject, overlay: JsonObject): JsonObject {
  const alternatives = alternativesOf(field, [...Object.keys(base), ...Object.keys(overlay)]);
  const chosen = alternatives.filter((name) => (overlay[name] ?? null) !== null);
  const rest =
    chosen.length === 0
      ? base
      : Object.fromEntries(
          Object.entries(base).filter(([name]) => !alternatives.includes(name) || chosen.includes(name)),
        );
  const merged = overlayTemplate(rest, overlay);
  return isContainerList(field) ? { ...merged, ...appendedArgs(base, overlay) } : merged;
}

const isContainerList = (field: string): boolean => field === 'containers' || field === 'initContainers';

function appendedArgs(base: JsonObject, overlay: JsonObject): JsonObject {
  const [before, after] = [base['args'], overlay['args']];
  if (!Array.isArray(before) || !Array.isArray(after) || overlay['command'] !== undefined) return {};
  return { args: [...(before as unknown[]), ...(after as unknown[])] };
}

/** An entry without its key is like no other. A port without a protocol is a TCP port, as the API server fills in. */
function sameKey(key: string, left: unknown, right: unknown): boolean {
  if (key === 'protocol') return (left ?? 'TCP') === (right ?? 'TCP');
  return left !== undefined && left === right;
}

function withoutDirective(value: JsonObject): JsonObject {
  const { $patch: _directive, ...rest } = value;
  return rest;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isObjectList = (value: unknown): value is readonly JsonObject[] =>
  Array.isArray(value) && value.every(isObject);
