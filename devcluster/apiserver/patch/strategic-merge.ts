/** Owns strategic merge patches: merge patches in which lists of built-in kinds merge by key (Kubernetes' own format). */
import { isDeepStrictEqual } from 'node:util';
import { badRequest } from '../errors/api-error.ts';
import type { JsonObject } from '../objects/kube-object.ts';
import { isObject } from '../objects/kube-object.ts';
import type { Schema } from '../schema/schema.ts';
import { fieldSchema, resolveSchema } from '../schema/schema.ts';

const directive = '$patch';
const retainKeysDirective = '$retainKeys';
const orderPrefix = '$setElementOrder/';
const deleteListPrefix = '$deleteFromPrimitiveList/';

const isDirective = (key: string): boolean =>
  key === directive ||
  key === retainKeysDirective ||
  key.startsWith(orderPrefix) ||
  key.startsWith(deleteListPrefix);

/**
 * Returns `target` with `patch` applied by the merge keys and strategies of `schema`; neither is changed.
 *
 * @throws ApiError 400 where a directive is unknown or a list entry lacks its merge key.
 */
export function applyStrategicMergePatch(target: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  return mergeMaps(target, patch, schema);
}

function mergeMaps(target: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  const action = patch[directive];
  if (action === 'replace') return withoutDirectives(patch) as JsonObject;
  if (action === 'delete') return {};
  if (action !== undefined && action !== 'merge')
    throw badRequest(`unknown $patch type: ${JSON.stringify(action)}`);
  const result = retained({ ...target }, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (!isDirective(key)) mergeField(result, key, value, { patch, schema: fieldSchema(schema, key) });
    else if (key.startsWith(deleteListPrefix)) {
      deleteFromList(result, key.slice(deleteListPrefix.length), value, patch);
    }
  }
  setOrders(result, { target, patch, schema });
  return result;
}

function setOrders(
  result: JsonObject,
  context: { readonly target: JsonObject; readonly patch: JsonObject; readonly schema: Schema },
): void {
  for (const [key, order] of Object.entries(context.patch)) {
    if (!key.startsWith(orderPrefix) || !Array.isArray(order)) continue;
    const field = key.slice(orderPrefix.length);
    const list = result[field];
    const schema = fieldSchema(context.schema, field) ?? {};
    if (Array.isArray(list)) result[field] = ordered(list, order, context.target[field], schema);
  }
}

function mergeField(
  result: JsonObject,
  key: string,
  value: unknown,
  context: { readonly patch: JsonObject; readonly schema: Schema | undefined },
): void {
  const { schema = {} } = context;
  const current = result[key];
  if (value === null) {
    Reflect.deleteProperty(result, key);
  } else if (isObject(value)) {
    // A union field (`strategy`, `volumes[]`) arrives whole or with $retainKeys; both are merges here.
    const merged = mergeMaps(isObject(current) ? current : {}, value, schema);
    if (value[directive] === 'delete') Reflect.deleteProperty(result, key);
    else result[key] = merged;
  } else if (Array.isArray(value) && mergesAsList(schema)) {
    result[key] = mergeLists(
      Array.isArray(current) ? (current as unknown[]) : [],
      value as unknown[],
      schema,
    );
  } else {
    result[key] = withoutDirectives(value);
  }
}

const mergesAsList = (schema: Schema): boolean =>
  (schema['x-kubernetes-patch-strategy'] ?? '').split(',').includes('merge');

function mergeLists(current: readonly unknown[], patch: readonly unknown[], schema: Schema): unknown[] {
  const key = schema['x-kubernetes-patch-merge-key'];
  if (key === undefined) return mergePrimitives(current, patch);
  const itemSchema = resolveSchema(schema.items ?? {});
  const entries = patch.map((entry) => {
    if (!isObject(entry)) throw badRequest(`a list that merges by "${key}" must hold objects`);
    return entry;
  });
  if (entries.some((entry) => entry[directive] === 'replace')) {
    return entries.filter((entry) => entry[directive] !== 'replace').map(withoutDirectives);
  }
  let result = [...current];
  for (const entry of entries) {
    const id = entry[key];
    if (id === undefined)
      throw badRequest(`map: ${JSON.stringify(entry)} does not contain declared merge key: ${key}`);
    const index = result.findIndex((item) => isObject(item) && item[key] === id);
    if (entry[directive] === 'delete') {
      result = result.filter((item) => !isObject(item) || item[key] !== id);
    } else if (index < 0) {
      result.push(mergeMaps({}, entry, itemSchema));
    } else {
      result[index] = mergeMaps(result[index] as JsonObject, entry, itemSchema);
    }
  }
  return result;
}

function mergePrimitives(current: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const added = patch.filter((item) => !current.some((known) => isDeepStrictEqual(known, item)));
  return [...current, ...added];
}

function deleteFromList(result: JsonObject, field: string, values: unknown, patch: JsonObject): void {
  const list = result[field];
  if (!Array.isArray(values)) throw badRequest(`${deleteListPrefix}${field} must be a list`);
  if (!Array.isArray(list)) return;
  const kept = Array.isArray(patch[field]) ? (patch[field] as unknown[]) : [];
  result[field] = list.filter((item) => !values.includes(item) || kept.includes(item));
}

/** `$retainKeys` names the only fields that may stay: what else the object had belongs to another branch of a union. */
function retained(result: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[retainKeysDirective];
  if (keys === undefined) return result;
  if (!Array.isArray(keys)) throw badRequest(`${retainKeysDirective} must be a list of field names`);
  return Object.fromEntries(Object.entries(result).filter(([key]) => keys.includes(key)));
}

/**
 * Returns the entries in the order that the patch asks for; entries that it does not name keep their place behind the
 * entry that they followed before.
 */
function ordered(
  list: readonly unknown[],
  order: readonly unknown[],
  before: unknown,
  schema: Schema,
): unknown[] {
  const key = schema['x-kubernetes-patch-merge-key'];
  const idOf = (item: unknown): unknown => (key !== undefined && isObject(item) ? item[key] : item);
  const wanted = order.map(idOf);
  const result = wanted.flatMap((id) => list.filter((item) => idOf(item) === id));
  const previous: unknown[] = Array.isArray(before) ? before.map(idOf) : [];
  for (const item of list) {
    if (wanted.includes(idOf(item))) continue;
    const predecessors = previous.slice(0, Math.max(previous.indexOf(idOf(item)), 0));
    const behind = result.findLastIndex((known) => predecessors.includes(idOf(known)));
    result.splice(behind + 1, 0, item);
  }
  return result;
}

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, child]) => !isDirective(key) && child !== null)
      .map(([key, child]) => [key, withoutDirectives(child)]),
  );
}
