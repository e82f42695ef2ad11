/** Owns the shape of Kubernetes objects inside the cluster: plain JSON, never classes, unknown fields untouched. */

export type JsonObject = Record<string, unknown>;

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** One manager's claim on fields, as Kubernetes writes it in `metadata.managedFields`. */
export interface ManagedFieldsEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly time?: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: JsonObject;
  readonly subresource?: string;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
}

/** An object as it is stored and served. `spec`, `status` and the rest are the kind's own. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object as a caller hands it in: the server fills the rest of `metadata`. */
export type ObjectInput<T extends KubeObject = KubeObject> = Omit<T, 'metadata'> & {
  readonly metadata?: Partial<ObjectMeta>;
};

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the object at `key`, or an empty one that is not attached to `parent`. */
export function objectAt(parent: JsonObject | KubeObject, key: string): JsonObject {
  const value = (parent as JsonObject)[key];
  return isObject(value) ? value : {};
}

/** Sets `field` where the object leaves it out. */
export function setDefault(target: JsonObject, field: string, value: unknown): void {
  target[field] ??= value;
}

/** Returns the entries of a list field that are objects. */
export const objectsAt = (parent: JsonObject, field: string): JsonObject[] =>
  Array.isArray(parent[field]) ? parent[field].filter(isObject) : [];
