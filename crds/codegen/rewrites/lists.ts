/** Owns rewrite 7: every list says how field managers share it. */
import { GenerationError } from '../generation-error.ts';
import type { JsonSchema } from '../../json-schema.ts';
import { rewriteSchema } from '../../json-schema.ts';

/**
 * Returns `schema` with a list type on every list: `atomic` for lists of plain values, and what the schema says
 * (`listMap()` or `atomicList`) for lists of objects.
 *
 * @throws GenerationError where a list of objects says nothing, or a map key may be absent from an entry.
 */
export function rewriteLists(schema: JsonSchema): JsonSchema {
  return rewriteSchema(schema, (node, path) => {
    if (node.type !== 'array') return node;
    const listType = node['x-kubernetes-list-type'];
    if (listType === undefined) {
      if (node.items?.type === 'object') {
        throw new GenerationError(path, 'a list of objects needs .meta(listMap(…)) or .meta(atomicList)');
      }
      return { ...node, 'x-kubernetes-list-type': 'atomic' };
    }
    for (const key of node['x-kubernetes-list-map-keys'] ?? []) checkMapKey(node, key, path);
    return node;
  });
}

function checkMapKey(list: JsonSchema, key: string, path: string): void {
  const property = list.items?.properties?.[key];
  const isPresent = list.items?.required?.includes(key) === true || property?.default !== undefined;
  if (property === undefined || !isPresent) {
    throw new GenerationError(
      path,
      `the list map key ${key} must be a required field of the entries, or have a default`,
    );
  }
}
