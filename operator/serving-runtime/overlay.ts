/** Owns the overlay of a pod template: a strategic merge by the merge keys of Kubernetes' pod API. */

type JsonObject = Readonly<Record<string, unknown>>;

/** Lists of a pod template whose entries are merged, with the key that tells entries apart (Kubernetes API reference). */
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  resourceClaims: ['name'],
  schedulingGates: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  ports: ['containerPort', 'protocol'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
};

/**
 * Returns `base` with `overlay` merged over it: objects field by field, null removes a field, the lists above entry by
 * entry (`$patch: delete` removes one, `$patch: replace` replaces it), any other list is replaced. Fields that nobody
 * here knows are merged like all others.
 */
export function overlayTemplate(base: JsonObject, overlay: JsonObject): JsonObject {
  const merged = new Map(Object.entries(base));
  for (const [field, value] of Object.entries(overlay)) {
    if (field === '$patch') continue;
    if (value === null) merged.delete(field);
    else merged.set(field, mergeValue(field, merged.get(field), value));
  }
  return Object.fromEntries(merged);
}

function mergeValue(field: string, base: unknown, overlay: unknown): unknown {
  const keys = mergeKeys[field];
  if (keys !== undefined && isObjectList(overlay))
    return mergeList(keys, isObjectList(base) ? base : [], overlay);
  if (!isObject(overlay)) return overlay;
  if (overlay['$patch'] === 'replace') return withoutDirective(overlay);
  return overlayTemplate(isObject(base) ? base : {}, overlay);
}

function mergeList(
  keys: readonly string[],
  base: readonly JsonObject[],
  overlay: readonly JsonObject[],
): JsonObject[] {
  const merged = [...base];
  for (const entry of overlay) {
    const index = merged.findIndex((known) => keys.every((key) => sameKey(key, known[key], entry[key])));
    const known = merged[index];
    if (entry['$patch'] === 'delete') {
      if (known !== undefined) merged.splice(index, 1);
    } else if (known === undefined) merged.push(overlayTemplate({}, entry));
    else
      merged[index] = entry['$patch'] === 'replace' ? withoutDirective(entry) : overlayTemplate(known, entry);
  }
  return merged;
}

// A port without a protocol is a TCP port, as the API server fills in.
const sameKey = (key: string, left: unknown, right: unknown): boolean =>
  key === 'protocol' ? (left ?? 'TCP') === (right ?? 'TCP') : left === right;

function withoutDirective(value: JsonObject): JsonObject {
  const { $patch: _directive, ...rest } = value;
  return rest;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isObjectList = (value: unknown): value is readonly JsonObject[] =>
  Array.isArray(value) && value.every(isObject);
