/** Owns rewrite 2: `additionalProperties` never stands beside `properties`; a CRD object is pruned, or says that it is open. */
import { GenerationError } from '../generation-error.ts';
import type { JsonSchema } from '../../json-schema.ts';
import { rewriteSchema } from '../../json-schema.ts';

/**
 * Returns `schema` with strict objects closed by Kubernetes' pruning (`kubectl apply` reports unknown fields by
 * itself) and loose objects marked `x-kubernetes-preserve-unknown-fields`. Maps stay as they are.
 *
 * @throws GenerationError for an object with both fields of its own and a schema for all the others (`catchall`).
 */
export function rewriteOpenAndClosedObjects(schema: JsonSchema): JsonSchema {
  return rewriteSchema(schema, (node, path) => {
    const { additionalProperties, properties, ...rest } = node;
    if (properties === undefined) return node;
    const fields = Object.keys(properties).length === 0 ? {} : { properties };
    if (additionalProperties === undefined || additionalProperties === false) return { ...rest, ...fields };
    if (additionalProperties === true || Object.keys(additionalProperties).length === 0) {
      return { ...rest, ...fields, 'x-kubernetes-preserve-unknown-fields': true };
    }
    throw new GenerationError(path, 'catchall() has no structural schema; use a record, or looseObject()');
  });
}
