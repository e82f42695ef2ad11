/** Owns rewrite 6: OpenAPI 3.0 cannot say what the keys of a map look like, so CEL says it. */
import { GenerationError } from '../generation-error.ts';
import type { CelRule, JsonSchema } from '../../json-schema.ts';
import { rewriteSchema } from '../../json-schema.ts';

/**
 * Returns `schema` with the constraints on keys (`propertyNames`) as CEL rules of their maps.
 *
 * @throws GenerationError for such a map without `maxProperties`: the API server would refuse the cost of the rule.
 */
export function rewriteRecordKeys(schema: JsonSchema): JsonSchema {
  return rewriteSchema(schema, (node, path) => {
    const { propertyNames, ...rest } = node;
    if (propertyNames === undefined) return node;
    const rules = keyRules(propertyNames);
    if (rules.length === 0) return rest;
    if (node.maxProperties === undefined) {
      throw new GenerationError(path, 'a record with rules for its keys needs .meta({ maxProperties })');
    }
    return { ...rest, 'x-kubernetes-validations': [...(node['x-kubernetes-validations'] ?? []), ...rules] };
  });
}

function keyRules({ pattern, minLength, maxLength }: JsonSchema): CelRule[] {
  const rules: CelRule[] = [];
  if (minLength !== undefined) {
    rules.push({
      rule: `self.all(key, size(key) >= ${minLength})`,
      message: `the length of each key must be at least ${minLength}`,
    });
  }
  if (maxLength !== undefined) {
    rules.push({
      rule: `self.all(key, size(key) <= ${maxLength})`,
      message: `the length of each key must be at most ${maxLength}`,
    });
  }
  if (pattern !== undefined) {
    rules.push({
      rule: `self.all(key, key.matches(${JSON.stringify(pattern)}))`,
      message: `each key must match ${pattern}`,
    });
  }
  return rules;
}
