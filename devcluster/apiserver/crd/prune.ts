/** Owns fields that a schema does not know: finding them for strict validation, and dropping them. */
import type { JsonObject } from '../objects/kube-object.ts';
import { isObject } from '../objects/kube-object.ts';
import type { Schema } from '../schema/schema.ts';
import {
  fieldSchema,
  keepsUnknownFields,
  objectMetaModel,
  referenceTo,
  resolveSchema,
} from '../schema/schema.ts';

const metadataSchema = resolveSchema(referenceTo(objectMetaModel));
const typeMetaFields = ['apiVersion', 'kind'];

/**
 * Removes from `value`, in place, every field that `schema` does not know, and returns the paths of those fields
 * (`spec.containers[0].imge`).
 */
export function pruneUnknownFields(value: unknown, schema: Schema, path = ''): string[] {
  if (Array.isArray(value)) {
    const items = schema.items === undefined ? undefined : resolveSchema(schema.items);
    if (items === undefined) return [];
    return value.flatMap((item, index) => pruneUnknownFields(item, items, `${path}[${index}]`));
  }
  return isObject(value) ? pruneObject(value, schema, path) : [];
}

function pruneObject(value: JsonObject, schema: Schema, path: string): string[] {
  const dropped: string[] = [];
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  for (const [name, child] of Object.entries(value)) {
    const childPath = path === '' ? name : `${path}.${name}`;
    if (embedded && typeMetaFields.includes(name)) continue;
    const known = embedded && name === 'metadata' ? metadataSchema : fieldSchema(schema, name);
    if (known !== undefined) dropped.push(...pruneUnknownFields(child, known, childPath));
    else if (!keepsUnknownFields(schema)) {
      Reflect.deleteProperty(value, name);
      dropped.push(childPath);
    }
  }
  return dropped;
}

/** Removes, in place, nulls where the schema does not allow them: an absent field and a null one mean the same. */
export function pruneNulls(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const items = resolveSchema(schema.items ?? {});
    for (const item of value) pruneNulls(item, items);
  } else if (isObject(value)) {
    for (const [name, child] of Object.entries(value)) {
      const known = fieldSchema(schema, name);
      if (child === null && known !== undefined && known.nullable !== true) {
        Reflect.deleteProperty(value, name);
      } else if (known !== undefined) pruneNulls(child, known);
    }
  }
}
