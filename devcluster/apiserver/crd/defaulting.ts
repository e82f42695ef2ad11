/** Owns defaults from a schema: what a user left out is filled in, depth first as Kubernetes does. */
import { isObject } from '../objects/kube-object.ts';
import type { Schema } from '../schema/schema.ts';
import { fieldSchema, resolveSchema } from '../schema/schema.ts';

/** Fills defaults into `value`, in place. */
export function setSchemaDefaults(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const items = resolveSchema(schema.items ?? {});
    for (const item of value) setSchemaDefaults(item, items);
  } else if (isObject(value)) {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      if (value[name] === undefined && property.default !== undefined) {
        value[name] = structuredClone(property.default);
      }
    }
    for (const [name, child] of Object.entries(value)) {
      const known = fieldSchema(schema, name);
      if (known !== undefined) setSchemaDefaults(child, known);
    }
  }
}
