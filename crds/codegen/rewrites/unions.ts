/** Owns rewrite 4: a discriminated union becomes one object with every variant's fields, and CEL rules that tell them apart. */
import { isDeepStrictEqual } from 'node:util';
import { celFieldName } from '../../cel/field-name.ts';
import { GenerationError } from '../generation-error.ts';
import type { CelRule, JsonSchema } from '../../json-schema.ts';
import { rewriteSchema } from '../../json-schema.ts';

interface Variant {
  /** The value of the discriminator. */
  readonly tag: string;
  readonly properties: Record<string, JsonSchema>;
  readonly required: readonly string[];
}

/**
 * Returns `schema` without unions of objects: a structural schema declares every field outside `oneOf`.
 *
 * @throws GenerationError for a union that no field tells apart.
 */
export function rewriteUnions(schema: JsonSchema): JsonSchema {
  return rewriteSchema(schema, (node, path) => {
    if (node['x-kubernetes-int-or-string'] === true) return node;
    if (node.anyOf !== undefined) {
      throw new GenerationError(path, 'a plain union has no structural schema; use z.discriminatedUnion()');
    }
    return node.oneOf === undefined ? node : mergeVariants(node, path);
  });
}

function mergeVariants(node: JsonSchema, path: string): JsonSchema {
  const { oneOf: branches = [], ...rest } = node;
  const discriminator = discriminatorOf(branches);
  if (discriminator === undefined) {
    throw new GenerationError(
      path,
      'no field tells the variants apart; give each one a z.literal() of its own',
    );
  }
  if (branches.some((branch) => branch['x-kubernetes-validations'] !== undefined)) {
    throw new GenerationError(
      path,
      'a variant has CEL rules, which would apply to all; put them on the union',
    );
  }
  const variants = branches.map((branch): Variant => {
    const { [discriminator]: _, ...properties } = branch.properties ?? {};
    return { tag: tagOf(branch, discriminator) ?? '', properties, required: branch.required ?? [] };
  });
  const tags = variants.map(({ tag }) => tag);
  const rules = [
    ...(node['x-kubernetes-validations'] ?? []),
    ...variants.flatMap((variant) => requiredRules(discriminator, variant)),
    ...exclusiveRules(discriminator, variants),
  ];
  return {
    ...rest,
    type: 'object',
    properties: { [discriminator]: { type: 'string', enum: tags }, ...mergedProperties(variants, path) },
    required: [discriminator],
    ...(rules.length === 0 ? {} : { 'x-kubernetes-validations': rules }),
  };
}

function discriminatorOf(branches: readonly JsonSchema[]): string | undefined {
  const names = Object.keys(branches[0]?.properties ?? {});
  return names.find((name) => {
    const tags = branches.map((branch) => tagOf(branch, name));
    return !tags.includes(undefined) && new Set(tags).size === branches.length;
  });
}

/** Returns the one value that the field `name` always has in `branch`. */
function tagOf(branch: JsonSchema, name: string): string | undefined {
  const values = branch.properties?.[name]?.enum;
  const [tag] = values ?? [];
  const isFixed = values?.length === 1 && branch.required?.includes(name) === true;
  return isFixed && typeof tag === 'string' ? tag : undefined;
}

function mergedProperties(variants: readonly Variant[], path: string): Record<string, JsonSchema> {
  const merged: Record<string, JsonSchema> = {};
  for (const { tag, properties } of variants) {
    for (const [name, schema] of Object.entries(properties)) {
      const known = merged[name];
      if (known !== undefined && !isDeepStrictEqual(known, schema)) {
        throw new GenerationError(path, `variant ${tag} declares ${name} differently from another variant`);
      }
      merged[name] = schema;
    }
  }
  return merged;
}

function requiredRules(discriminator: string, { tag, required }: Variant): CelRule[] {
  const fields = required.filter((name) => name !== discriminator);
  return fields.map((name) => ({
    rule: `self.${celFieldName(discriminator)} != ${JSON.stringify(tag)} || has(self.${celFieldName(name)})`,
    message: `${name} is required when ${discriminator} is ${tag}`,
  }));
}

function exclusiveRules(discriminator: string, variants: readonly Variant[]): CelRule[] {
  const names = [...new Set(variants.flatMap(({ properties }) => Object.keys(properties)))];
  return names.flatMap((name) => {
    const tags = variants.filter(({ properties }) => name in properties).map(({ tag }) => tag);
    if (tags.length === variants.length) return [];
    return [
      {
        rule: `!has(self.${celFieldName(name)}) || self.${celFieldName(discriminator)} in ${JSON.stringify(tags)}`,
        message: `${name} is only allowed when ${discriminator} is ${tags.join(' or ')}`,
      },
    ];
  });
}
