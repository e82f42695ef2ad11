/** Owns how a value divides into fields that managers can own apart: by schema, as server-side apply defines it. */
import type { JsonObject } from '../objects/kube-object.ts';
import { isObject } from '../objects/kube-object.ts';
import type { Schema } from '../schema/schema.ts';
import { fieldSchema, resolveSchema } from '../schema/schema.ts';
import type { PathElement } from './field-set.ts';

/** A value's parts: named fields, list entries that have an identity, or none (it is owned as a whole). */
export type Structure =
  | { readonly form: 'whole' }
  | { readonly form: 'fields'; readonly parts: readonly Part[] }
  | { readonly form: 'entries'; readonly parts: readonly Part[] };

export interface Part {
  readonly element: PathElement;
  readonly value: unknown;
  readonly schema: Schema;
}

/** Key fields that Kubernetes fills in before it tells entries apart. */
const keyDefaults: Readonly<Record<string, unknown>> = { protocol: 'TCP' };

const whole: Structure = { form: 'whole' };

/** Returns how `value` divides. Fields without a schema divide like maps; lists without one are owned as a whole. */
export function structureOf(value: unknown, schema: Schema): Structure {
  if (isObject(value)) return fieldsOf(value, schema);
  if (Array.isArray(value)) return entriesOf(value as unknown[], schema);
  return whole;
}

function fieldsOf(value: JsonObject, schema: Schema): Structure {
  if (schema['x-kubernetes-map-type'] === 'atomic') return whole;
  const parts = Object.entries(value).map(([name, child]) => ({
    element: `f:${name}`,
    value: child,
    schema: fieldSchema(schema, name) ?? {},
  }));
  return { form: 'fields', parts };
}

function entriesOf(list: readonly unknown[], schema: Schema): Structure {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (listType !== 'set' && listType !== 'map') return whole;
  const itemSchema = resolveSchema(schema.items ?? {});
  const parts = list.map((item) => ({
    element: listType === 'set' ? `v:${JSON.stringify(item)}` : entryElement(item, keys, itemSchema),
    value: item,
    schema: itemSchema,
  }));
  // Entries that cannot be told apart cannot be owned apart: validation will have its say about duplicates.
  const distinct = new Set(parts.map((part) => part.element)).size === parts.length;
  return distinct ? { form: 'entries', parts } : whole;
}

function entryElement(item: unknown, keys: readonly string[], schema: Schema): PathElement {
  const identity: JsonObject = {};
  for (const key of [...keys].sort()) {
    const own = isObject(item) ? item[key] : undefined;
    const value = own ?? schema.properties?.[key]?.default ?? keyDefaults[key];
    if (value !== undefined) identity[key] = value;
  }
  return `k:${JSON.stringify(identity)}`;
}

/** Whether a map's field is declared by name: the others are entries of a free map, which are owned themselves. */
export function isDeclared(schema: Schema, element: PathElement): boolean {
  return (
    element.startsWith('f:') &&
    schema.properties !== undefined &&
    Object.hasOwn(schema.properties, element.slice(2))
  );
}

/** Whether the path element is a key field of the list entry that carries it. */
export function isKeyField(listSchema: Schema, element: PathElement): boolean {
  return (listSchema['x-kubernetes-list-map-keys'] ?? []).includes(element.slice(2));
}
