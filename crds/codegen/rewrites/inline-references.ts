/** Owns rewrite 1: a CRD schema has no `$ref`, so what zod moved to `definitions` goes back to where it is used. */
import { GenerationError } from '../generation-error.ts';
import type { JsonSchema } from '../../json-schema.ts';
import { mapChildren } from '../../json-schema.ts';

const definitionPrefix = '#/definitions/';

/**
 * Returns `schema` without `$ref` and `definitions`; keywords beside a reference win over those of the definition.
 *
 * @throws GenerationError when the schema refers to itself: a structural schema is finite.
 */
export function inlineReferences(schema: JsonSchema): JsonSchema {
  const { definitions = {}, ...root } = schema;
  const inline = (node: JsonSchema, path: string, open: readonly string[]): JsonSchema => {
    const reference = referenceOf(node);
    if (reference === undefined) return mapChildren(node, path, (child, at) => inline(child, at, open));
    const definition = definitions[reference.slice(definitionPrefix.length)];
    if (definition === undefined || open.includes(reference)) {
      throw new GenerationError(path, 'the schema is recursive; give it a fixed depth, or use z.unknown()');
    }
    return inline({ ...definition, ...besideReference(node) }, path, [...open, reference]);
  };
  return inline(root, '', []);
}

/** zod writes `{$ref}` where a shared schema is used as it is, and `{…, allOf: [{$ref}]}` where it is refined. */
function referenceOf(node: JsonSchema): string | undefined {
  return node.$ref ?? node.allOf?.find((branch) => branch.$ref !== undefined)?.$ref;
}

function besideReference(node: JsonSchema): JsonSchema {
  const { $ref: _, allOf, ...rest } = node;
  const others = allOf?.filter((branch) => branch.$ref === undefined) ?? [];
  return others.length === 0 ? rest : { ...rest, allOf: others };
}
