/** Owns rewrite 5: a value of any shape keeps all that it has. */
import type { JsonSchema } from '../../json-schema.ts';
import { rewriteSchema } from '../../json-schema.ts';

const annotationKeywords = new Set(['description', 'title', 'default', 'nullable']);

/**
 * Returns `schema` with `z.unknown()` and `z.any()`, which zod writes as `{}`, marked as values whose fields survive.
 * They get no `type`: the API server demands one everywhere else, and here it would refuse what zod accepts.
 */
export function rewriteUnknownValues(schema: JsonSchema): JsonSchema {
  return rewriteSchema(schema, (node) =>
    Object.keys(node).every((keyword) => annotationKeywords.has(keyword))
      ? { ...node, 'x-kubernetes-preserve-unknown-fields': true }
      : node,
  );
}
