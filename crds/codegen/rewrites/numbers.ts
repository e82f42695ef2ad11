/** Owns rewrite 3: integers in Kubernetes' words, and int-or-string in the one form that the API server accepts. */
import { GenerationError } from '../generation-error.ts';
import type { JsonSchema } from '../../json-schema.ts';
import { rewriteSchema } from '../../json-schema.ts';

const int32Max = 2_147_483_647;
const int32Min = -2_147_483_648;

/**
 * Returns `schema` with a `format` on every integer and without the bounds that only say which integers JavaScript
 * or the format can hold; `z.union([z.int(), z.string()])` becomes int-or-string.
 */
export function rewriteNumbers(schema: JsonSchema): JsonSchema {
  return rewriteSchema(schema, (node, path) => {
    if (isIntOrString(node)) return intOrString(node, path);
    if (node.type === 'integer') return integer(node);
    return node;
  });
}

function integer(node: JsonSchema): JsonSchema {
  const { minimum, maximum, ...rest } = node;
  const fits32 = (bound: number | undefined): boolean =>
    bound !== undefined && bound >= int32Min && bound <= int32Max;
  return {
    ...rest,
    format: fits32(minimum) && fits32(maximum) ? 'int32' : 'int64',
    ...(minimum === undefined || isWidest(minimum) ? {} : { minimum }),
    ...(maximum === undefined || isWidest(maximum) ? {} : { maximum }),
  };
}

function isWidest(bound: number): boolean {
  return Math.abs(bound) === Number.MAX_SAFE_INTEGER || bound === int32Max || bound === int32Min;
}

function isIntOrString(node: JsonSchema): boolean {
  const types = node.anyOf?.map((branch) => branch.type).sort();
  return types?.length === 2 && types[0] === 'integer' && types[1] === 'string';
}

/** The two branches may only name their types; what else they say applies to one type only, so it moves outside. */
function intOrString(node: JsonSchema, path: string): JsonSchema {
  const { anyOf: branches = [], ...rest } = node;
  let outside: JsonSchema = {};
  for (const { type: _type, format: _format, ...said } of branches) {
    if (said.enum !== undefined || said.default !== undefined) {
      throw new GenerationError(path, 'a branch of int-or-string must not have an enum or a default');
    }
    outside = { ...outside, ...said };
  }
  return {
    ...outside,
    ...rest,
    'x-kubernetes-int-or-string': true,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
  };
}
