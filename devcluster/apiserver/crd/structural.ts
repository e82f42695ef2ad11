/** Owns the rule that a CRD's schema is structural: every field has a type, and combinations only restrict. */
import type { StatusCause } from '../errors/api-error.ts';
import type { Schema } from '../schema/schema.ts';
import { compilePattern } from './pattern.ts';
import { forbiddenValue, invalidValue, requiredValue, unsupportedValue } from './validate.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const listTypes = ['atomic', 'map', 'set'];
/** What may not stand inside allOf, anyOf, oneOf and not. */
const onlyOutside = ['description', 'type', 'default', 'additionalProperties', 'nullable'] as const;

/** Returns why `root` is not structural; nothing where it is. */
export function checkStructural(root: Schema, path: string): StatusCause[] {
  const problems = checkNode(root, path, true);
  if (root.type !== 'object') {
    problems.push(invalidValue(root.type ?? '', `${path}.type`, 'must be object at the root'));
  }
  return problems;
}

function checkNode(schema: Schema, path: string, isRoot: boolean): StatusCause[] {
  return [
    ...checkOwn(schema, path, isRoot),
    ...checkList(schema, path),
    ...checkCombinations(schema, path),
    ...Object.entries(schema.properties ?? {})
      .filter(([name]) => !isRoot || !['apiVersion', 'kind', 'metadata'].includes(name))
      .flatMap(([name, child]) => checkNode(child, `${path}.properties[${name}]`, false)),
    ...(schema.items === undefined ? [] : checkNode(schema.items, `${path}.items`, false)),
    ...(typeof schema.additionalProperties === 'object'
      ? checkNode(schema.additionalProperties, `${path}.additionalProperties`, false)
      : []),
  ];
}

function checkOwn(schema: Schema, path: string, isRoot: boolean): StatusCause[] {
  const problems = checkType(schema, path, isRoot);
  if (schema.$ref !== undefined) problems.push(forbiddenValue(`${path}.$ref`, '$ref is not supported'));
  if (schema.uniqueItems === true) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    problems.push(forbiddenValue(`${path}.uniqueItems`, detail));
  }
  if (schema.properties !== undefined && schema.additionalProperties !== undefined) {
    const detail = 'additionalProperties and properties are mutual exclusive';
    problems.push(forbiddenValue(`${path}.additionalProperties`, detail));
  }
  if (schema.pattern !== undefined && !isPattern(schema.pattern)) {
    problems.push(invalidValue(schema.pattern, `${path}.pattern`, 'must be a valid regular expression'));
  }
  return problems;
}

function checkType(schema: Schema, path: string, isRoot: boolean): StatusCause[] {
  if (schema.type !== undefined) {
    return types.includes(schema.type) ? [] : [unsupportedValue(schema.type, `${path}.type`, types)];
  }
  const needsNone =
    isRoot ||
    schema['x-kubernetes-int-or-string'] === true ||
    schema['x-kubernetes-preserve-unknown-fields'] === true;
  return needsNone ? [] : [requiredValue(`${path}.type`, 'must not be empty for specified object fields')];
}

function checkList(schema: Schema, path: string): StatusCause[] {
  const problems: StatusCause[] = [];
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (schema.type === 'array' && schema.items === undefined) {
    problems.push(requiredValue(`${path}.items`, 'must be specified'));
  }
  if (listType !== undefined && !listTypes.includes(listType)) {
    problems.push(unsupportedValue(listType, `${path}.x-kubernetes-list-type`, listTypes));
  }
  if (listType === 'map' && keys.length === 0) {
    const detail = 'must not be empty if x-kubernetes-list-type is map';
    problems.push(requiredValue(`${path}.x-kubernetes-list-map-keys`, detail));
  }
  const detail =
    'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
  return [
    ...problems,
    ...keys
      .filter((key) => !isAlwaysThere(schema.items ?? {}, key))
      .map((key) => requiredValue(`${path}.items.properties[${key}].default`, detail)),
  ];
}

const isAlwaysThere = (item: Schema, key: string): boolean =>
  item.required?.includes(key) === true || item.properties?.[key]?.default !== undefined;

function checkCombinations(schema: Schema, path: string): StatusCause[] {
  // Kubernetes writes int-or-string with an anyOf of types; that form is allowed.
  if (schema['x-kubernetes-int-or-string'] === true) return [];
  const branches: [string, Schema][] = [
    ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((word) =>
      (schema[word] ?? []).map((branch, index): [string, Schema] => [`${path}.${word}[${index}]`, branch]),
    ),
    ...(schema.not === undefined ? [] : [[`${path}.not`, schema.not] as [string, Schema]]),
  ];
  return branches.flatMap(([at, branch]) => checkBranch(branch, schema, at));
}

function checkBranch(branch: Schema, outside: Schema, path: string): StatusCause[] {
  const problems = onlyOutside
    .filter((field) => branch[field] !== undefined)
    .map((field) => forbiddenValue(`${path}.${field}`, 'must be empty to be structural'));
  for (const [name, child] of Object.entries(branch.properties ?? {})) {
    const declared = outside.properties?.[name];
    const at = `${path}.properties[${name}]`;
    if (declared === undefined) {
      problems.push(requiredValue(at, `because it is defined in ${path}, it must be defined outside too`));
    } else problems.push(...checkBranch(child, declared, at));
  }
  return problems;
}

function isPattern(source: string): boolean {
  try {
    return compilePattern(source) instanceof RegExp;
  } catch {
    return false;
  }
}
