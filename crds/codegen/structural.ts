/** Owns the way from a zod schema to the structural schema of a CRD: seven rewrites, one after the other. */
import type * as z from 'zod';
import { checkStructural } from './check-structural.ts';
import { exportSchema } from './export-schema.ts';
import type { JsonSchema } from '../json-schema.ts';
import { inlineReferences } from './rewrites/inline-references.ts';
import { rewriteLists } from './rewrites/lists.ts';
import { rewriteNumbers } from './rewrites/numbers.ts';
import { rewriteOpenAndClosedObjects } from './rewrites/open-and-closed-objects.ts';
import { rewriteRecordKeys } from './rewrites/record-keys.ts';
import { rewriteStrings } from './rewrites/strings.ts';
import { rewriteUnions } from './rewrites/unions.ts';
import { rewriteUnknownValues } from './rewrites/unknown-values.ts';

/** In order: references first, so that the others see the whole; lists last, when entries have their final fields. */
const rewrites: readonly ((schema: JsonSchema) => JsonSchema)[] = [
  inlineReferences,
  rewriteOpenAndClosedObjects,
  rewriteNumbers,
  rewriteUnions,
  rewriteUnknownValues,
  rewriteStrings,
  rewriteRecordKeys,
  rewriteLists,
];

/**
 * Returns the structural schema of what `schema` accepts.
 *
 * @throws GenerationError naming the field that cannot be said in a structural schema.
 */
export function makeStructuralSchema(schema: z.ZodType): JsonSchema {
  const structural = rewrites.reduce((current, rewrite) => rewrite(current), exportSchema(schema));
  checkStructural(structural);
  return structural;
}
