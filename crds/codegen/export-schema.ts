/** Owns the way from zod to JSON Schema, and refuses by name what JSON Schema would lose silently. */
import * as z from 'zod';
import { GenerationError } from './generation-error.ts';
import type { JsonSchema } from '../json-schema.ts';
import { childPath } from '../json-schema.ts';

/**
 * Returns the JSON Schema (target `openapi-3.0`) of what a person may write: fields with a default are optional.
 *
 * @throws GenerationError naming the field, for a transform, refinement, coercion, regex flag, or a type that has no
 * JSON Schema: a rule lives in JSON Schema, in CEL, or in the admission webhook, and nowhere else.
 */
export function exportSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...exported } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    unrepresentable: ({ path, message }) => {
      throw new GenerationError(fieldPath(path), message);
    },
    override: ({ zodSchema, jsonSchema, path }) => {
      const lost = lostBy(zodSchema._zod.def);
      if (lost !== undefined) throw new GenerationError(fieldPath(path), lost);
      const keys = keySchemaOf(zodSchema, path);
      if (keys !== undefined) Object.assign(jsonSchema, { propertyNames: keys });
    },
  });
  return exported as JsonSchema;
}

const elsewhere = 'say it in JSON Schema, in a CEL rule (rules()), or in the admission webhook';

function lostBy(definition: z.core.$ZodTypeDef & { readonly coerce?: boolean }): string | undefined {
  if (definition.type === 'pipe' || definition.type === 'transform') {
    return `a transform cannot be exported; ${elsewhere}`;
  }
  if (definition.type === 'catch') return 'catch() hides bad input from the API server; remove it';
  if (definition.coerce === true) return 'coercion cannot be exported; parse the type that people write';
  for (const check of definition.checks ?? []) {
    const { check: kind, pattern } = check._zod.def as { check: string; pattern?: RegExp };
    if (kind === 'custom') return `a refinement cannot be exported; ${elsewhere}`;
    if (kind === 'overwrite') return `trim(), toLowerCase() and the like cannot be exported; ${elsewhere}`;
    if (pattern !== undefined && pattern.flags !== '') {
      return `the flags of /${pattern.source}/${pattern.flags} cannot be exported; write the pattern without them`;
    }
  }
  return undefined;
}

function keySchemaOf(schema: z.core.$ZodTypes, path: readonly (string | number)[]): JsonSchema | undefined {
  const { def } = schema._zod;
  if (def.type !== 'record') return undefined;
  const keys = exportSchema(def.keyType as z.ZodType);
  if (keys.enum === undefined) return keys;
  throw new GenerationError(fieldPath(path), 'the keys of the record are known; declare them as fields');
}

/** Turns zod's path through the JSON Schema (`properties/spec/properties/tags/items`) into `spec.tags[]`. */
function fieldPath(path: readonly (string | number)[]): string {
  let result = '';
  for (let index = 0; index < path.length; index += 1) {
    const step = String(path[index]);
    if (step === 'items') result = childPath(result, '[]');
    else if (step === 'additionalProperties') result = childPath(result, '[*]');
    else if (step === 'properties') result = childPath(result, String(path[(index += 1)]));
  }
  return result;
}
