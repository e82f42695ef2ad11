/** Owns the two halves of an apply on values: laying the applied configuration over an object, and taking fields away. */
import type { JsonObject } from '../objects/kube-object.ts';
import { isObject } from '../objects/kube-object.ts';
import type { Schema } from '../schema/schema.ts';
import { fieldSchema } from '../schema/schema.ts';
import type { FieldSet } from './field-set.ts';
import { isKeyField, structureOf } from './structure.ts';

/** Returns `live` with everything that `config` says laid over it; neither is changed. */
export function mergeConfiguration(live: unknown, config: unknown, schema: Schema): unknown {
  const ours = structureOf(config, schema);
  const theirs = structureOf(live, schema);
  if (ours.form === 'whole' || theirs.form !== ours.form) return config;
  const current = new Map(theirs.parts.map((part) => [part.element, part.value]));
  const merged = ours.parts.map((part) => ({
    ...part,
    value: current.has(part.element)
      ? mergeConfiguration(current.get(part.element), part.value, part.schema)
      : part.value,
  }));
  if (ours.form === 'fields') {
    const fields: JsonObject = { ...(live as JsonObject) };
    for (const part of merged) fields[part.element.slice(2)] = part.value;
    return fields;
  }
  return inAppliedOrder(theirs.parts, merged);
}

interface Entry {
  readonly element: string;
  readonly value: unknown;
}

/** The configuration's entries keep its order; the others stay where they were between them. */
function inAppliedOrder(live: readonly Entry[], applied: readonly Entry[]): unknown[] {
  const isApplied = new Set(applied.map((entry) => entry.element));
  const result: unknown[] = [];
  let next = 0;
  for (const entry of live) {
    if (!isApplied.has(entry.element)) {
      result.push(entry.value);
      continue;
    }
    const upTo = applied.findIndex((candidate) => candidate.element === entry.element);
    for (; next <= upTo; next += 1) result.push(applied[next]?.value);
  }
  return [...result, ...applied.slice(next).map((entry) => entry.value)];
}

/**
 * Returns `value` without the fields of `given` that nobody in `owned` claims; a field goes with all that is below it,
 * unless something below it is owned. Key fields of list entries stay as long as their entry does.
 */
export function removeAbandoned(value: unknown, given: FieldSet, owned: FieldSet, schema: Schema): unknown {
  if (given.isEmpty) return value;
  if (isObject(value)) return removeFields(value, given, { owned, schema, keepKeysOf: undefined });
  return Array.isArray(value) ? removeEntries(value as unknown[], given, owned, schema) : value;
}

function removeFields(
  value: JsonObject,
  given: FieldSet,
  context: { readonly owned: FieldSet; readonly schema: Schema; readonly keepKeysOf: Schema | undefined },
): JsonObject {
  const { owned, schema, keepKeysOf } = context;
  const result: JsonObject = {};
  for (const [name, child] of Object.entries(value)) {
    const element = `f:${name}`;
    const isKey = keepKeysOf !== undefined && isKeyField(keepKeysOf, element);
    if (!given.touches(element) || isKey) result[name] = child;
    else if (owned.touches(element)) {
      const childSchema = fieldSchema(schema, name) ?? {};
      result[name] = removeAbandoned(child, given.child(element), owned.child(element), childSchema);
    }
  }
  return result;
}

function removeEntries(
  list: readonly unknown[],
  given: FieldSet,
  owned: FieldSet,
  schema: Schema,
): unknown[] {
  const structure = structureOf(list, schema);
  if (structure.form !== 'entries') return [...list];
  return structure.parts
    .filter(({ element }) => !given.members.has(element) || owned.touches(element))
    .map(({ element, value, schema: itemSchema }) => {
      if (!isObject(value) || !given.touches(element)) return value;
      const context = { owned: owned.child(element), schema: itemSchema, keepKeysOf: schema };
      return removeFields(value, given.child(element), context);
    });
}
