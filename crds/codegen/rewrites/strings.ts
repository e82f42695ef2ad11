/** Owns what Kubernetes knows of strings: its formats, and several patterns of one string. */
import type { JsonSchema } from '../../json-schema.ts';
import { rewriteSchema } from '../../json-schema.ts';

/** Formats of apiextensions v1 that it checks as strictly as zod does, so that zod's pattern beside them can go. */
const checkedFormats = new Set(['date-time']);

/**
 * Returns `schema` with only those string formats that the API server checks as zod does; other formats leave their
 * pattern. Structural schemas forbid `type` in `allOf`, where zod puts the second pattern of a string.
 */
export function rewriteStrings(schema: JsonSchema): JsonSchema {
  return rewriteSchema(schema, (node) => {
    if (node.type !== 'string') return node;
    const { format, pattern, allOf, ...rest } = node;
    const isChecked = format !== undefined && checkedFormats.has(format);
    return {
      ...rest,
      ...(isChecked ? { format } : {}),
      ...(pattern === undefined || isChecked ? {} : { pattern }),
      ...(allOf === undefined ? {} : { allOf: allOf.map(({ type: _, format: __, ...said }) => said) }),
    };
  });
}
